"""CRLs: what is revoked, as signed lists that anyone can fetch and keep.

RFC 5280, Section 5; ITU-T X.509, 9.5.2. An authority's certificates are spread over shards by
serial number; each shard is a scope of its own with a complete CRL, a delta CRL upon it, and one
number sequence for both. Begin with :class:`ca.crl.crls.Crls`:

1. Claim a number: in one short transaction that orders the CRL among the scope's changes.
2. Collect the entries (:mod:`ca.crl.entries`) and build the list (:mod:`ca.crl.building`).
3. Lint it (:mod:`ca.crl.linting`), before the key is touched.
4. Sign exactly these bytes in the HSM, and verify the result.
5. Store it with its log entry, publish the log, then the file (:mod:`ca.crl.publication`).

A process that dies in between leaves a number unused; numbers rise, they need not follow.
"""
