"""Octets and values: base45, bounded inflation, strict CBOR and JSON, COSE, JWS, signatures.

Nothing here knows what a pass is. A stranger's input ends in a value or in
:class:`~signing.passes.errors.PassRefused`, never in another exception.
"""
