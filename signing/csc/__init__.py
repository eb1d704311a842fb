"""The API of the Cloud Signature Consortium, version 2.0, under ``/csc/v2/``.

A ministry's program has documents signed whose content it never sends: it sends hashes, and gets
signatures. Two ways to authorize them:

- ``oauth2code``, for people: the program sends the signer's browser to ``oauth2/authorize``; there,
  at our host, the signer sees what is to be signed, and confirms by PIN and passkey. The PIN never
  reaches the program.
- ``explicit``, for an organization's seal: its program sends the PIN with
  ``credentials/authorize``, and proves itself in a way that nobody can replay.

Both give signature activation data (SAD) for exactly these hashes, which ``signatures/signHash``
and ``signatures/signDoc`` use up. Members that version 1 calls otherwise (``hash``, ``hashAlgo``,
``PIN``) are read as well. Refusals are ``{"error", "error_description"}``.

Begin with :mod:`signing.csc.routes`; :mod:`signing.csc.programs` is the port to the programs that
officers registered.
"""
