"""Passes are taken back by the institution that issued them.

A reason is one of a closed list (``reasons.toml``). The pass, its status list's version, the hashes
by which other countries know it, and the log's entry change in one transaction.

Begin with :mod:`signing.passes.revocation.revoking`; what is published of it stands in
:mod:`signing.passes.publishing`.
"""
