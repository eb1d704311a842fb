"""Certificate Management Protocol (RFC 9810), by the Lightweight profile (RFC 9483), over HTTP.

A client protects its messages by the secret of its grant or signs them with a certificate that
it has. A message goes through these steps, in :mod:`enrollment.cmp.server`, where to begin:

1. Read it, strictly (:mod:`enrollment.cmp.reading`).
2. Check its header: version, recipient, time, nonces, transaction (:mod:`enrollment.cmp.header`).
3. Verify its protection, and find out whose grant it uses (:mod:`enrollment.cmp.protection`).
4. Do what its body asks: enrol, confirm, poll, revoke, inform.
5. Answer under the same kind of protection (:mod:`enrollment.cmp.writing`).

What happened in a transaction stands in the database alone: any process goes on with it.
"""
