"""Standing permissions by which machines enrol without an officer for each certificate.

An officer proposes a grant for one holder and one protocol (ACME, EST or CMP), with profile,
subject, names, count and expiry fixed; other officers decide it under the rule that holds for
applications. RFC 8555, Section 7.3.4 calls the account behind it external.

Begin with :mod:`enrollment.grants.grant`, then :mod:`enrollment.grants.issuing`.
"""
