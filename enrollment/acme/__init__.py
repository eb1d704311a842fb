"""ACME (RFC 8555): programs get, renew and revoke certificates within what officers granted.

An account is bound to a grant by external account binding (Section 7.3.4). The grant fixes the
subject, the profile, the names and the count; an order inside it waits for nobody. Renewal
information is RFC 9773.

Begin with :mod:`enrollment.acme.signed_requests`, which every request comes through, then
:mod:`enrollment.acme.orders` and :mod:`enrollment.acme.finalizing`.
"""
