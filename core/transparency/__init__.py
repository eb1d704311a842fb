"""The transparency log: every issuance, revocation, ceremony step and decision, provable.

An RFC 9162 Merkle tree in the formats of C2SP (tlog-tiles, tlog-checkpoint, tlog-proof,
tlog-cosignature, tlog-witness). Begin with :mod:`core.transparency.log`, what the rest of
camtrust calls; then :mod:`core.transparency.merkle`, which everything stands on. Who verifies
reads :mod:`core.transparency.proof`; who watches reads :mod:`core.transparency.witness` and
:mod:`core.transparency.monitor`.
"""
