"""``camtrust serve``: the listeners, the officers' TLS front and the scheduler, as processes.

Begin with :mod:`camtrust.serving.running` (which processes there are) and
:mod:`camtrust.serving.supervisor` (how they live and end).
"""
