"""Codes by which a holder has a certificate suspended or revoked without signing in.

A lost phone or key is also a lost sign-in. So each certificate comes with a code on paper: twenty
characters, of which nineteen are random (95 bits) and the last finds mistypings. Only the code's
hash is kept.

For the pages: ``RevocationCodes.make(connection, authority, serial_number)`` returns the code of a
certificate once, in the transaction of the caller; ``find(typed)`` says which certificate a typed
code stands for, under ``@limited(TRIES)``; what is done with it is the caller's. Begin with
``code.py``.
"""
