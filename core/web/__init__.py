"""What every HTTP answer of camtrust has in common.

Begin with :mod:`core.web.problems`, the one place where a refusal becomes an HTTP number, and
:mod:`core.web.access_control`, which lets no route exist that does not say who may call it.
The app itself is put together in camtrust/app.py.
"""
