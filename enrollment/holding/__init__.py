"""The certificates that a person holds: their standing, suspension, release, revocation, renewal.

``/my/certificates`` is for the holder who signed in; ``/revoke`` is for a holder who cannot, and
has the revocation code. Begin with ``holdings.py``.
"""
