"""Passes are issued: a record of a health authority goes in, signed codes come out.

1. Policy says whether the institution may issue passes of this type, and which codes one has
   (:mod:`.pass_types`, data in ``definitions/``).
2. The record is read (:mod:`.records`), and names are compared (:mod:`.names`).
3. Each code's content is built from it (:mod:`.contents`) and held against the same schema by
   which our verifier judges it.
4. A document signer is found, a key in a token with its certificate (:mod:`.signers`); no pass
   outlives its certificate.
5. The codes are signed (:mod:`.coding`), recorded and logged in one transaction
   (:mod:`.issuing`), and handed out after it.

Begin with :mod:`signing.passes.issuing.issuing`.
"""
