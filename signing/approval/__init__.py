"""Circulations: a document goes from signer to signer, and the last signature seals it.

A program or a civil servant sends a PDF round ("an approval"): steps in their order, in each step
people in parallel, each of whom signs or acknowledges ("seen and forwarded") by a deadline. Whoever
is to sign does so with their own remote key, as one more revision of the document; who is away has
a deputy, who signs with the deputy's own key, on behalf of the one who is away. A refusal ends the
circulation. When the last has acted, the institution's seal closes the document at B-LTA.

Each act is a row of its own and an entry in the transparency log, written in one transaction; a
revision is a file of its own, and the row says which is the newest (ADR 0059).

Begin with :mod:`signing.approval.approval`, then :mod:`signing.approval.signing`.
"""
