"""Signed documents are judged: PAdES (ETSI EN 319 142-1) and CAdES (ETSI EN 319 122-1).

The procedure follows ETSI EN 319 102-1; what our policy decides where the standard leaves it open
is in `policy.toml` and in docs/reference/validation-policy.md. Two answers are kept apart: whether
what a signature covers is intact (`integrity.py`: bytes and mathematics, nobody is trusted), and
whether the signature is to be relied on (`judging.py`: chains, revocation, time). A report is a
value; only what cannot be read as a document at all is refused.

Begin reading in `validator.py`.
"""
