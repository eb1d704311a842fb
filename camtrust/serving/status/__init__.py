"""The fast front for certificate status: ``/ocsp`` before and without Flask.

Begin with :class:`camtrust.serving.status.front.StatusFront`, the WSGI callable of the public
listener: what was signed ahead is answered at once, everything else by the full responder within
the live pool (:mod:`camtrust.serving.status.live`), which never holds up the former.
"""
