"""Registered documents, and how anybody checks one: by its file, or by the stamp on paper.

A document gets an identifier of 128 random bits before it is signed, so that its stamp can carry
the address of its page; after each signature its SHA-256 is registered (``registry.py``). The page
``/v/<id>`` (``routes.py``) shows who signed and when, and hashes a file in the reader's browser.
The QR code holds after the ``#`` of the address a summary signed by a key of its own
(``summary.py``; COSE, RFC 9052): the page checks it without asking anybody, and what stands after
``#`` reaches no server. ``announcing.py`` tells other platforms, such as the national one, what was
registered. Begin with ``issuing.py``: what a signer asks for before and after a signature.
"""
