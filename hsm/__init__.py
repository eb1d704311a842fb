"""Keys: every private-key operation of camtrust goes through here, to a PKCS #11 token (v2.40).

Begin with :mod:`hsm.keys`, the port that the other packages use. :mod:`hsm.store` keeps it, over
:mod:`hsm.tokens` (which token, and is it there), :mod:`hsm.sessions` (logins, workers, handles),
:mod:`hsm.module` (one initialised library, its restarts and forks) and :mod:`hsm.registry` (records
and states, in the database). Made for others: :mod:`hsm.private_keys` (cryptography's builders),
:mod:`hsm.cms`, :mod:`hsm.jose`. :mod:`hsm.softhsm` makes tokens for development.
"""
