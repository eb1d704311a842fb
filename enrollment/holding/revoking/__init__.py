"""``/revoke``: suspend or revoke with the revocation code alone; begin with ``routes.py``."""
