"""Signatures on documents per second, beside the bare token and pyHanko's own signer.

Begin with :mod:`bench.signing.comparison`: which subjects there are and what each is asked.
"""
