"""Revocation: what takes a certificate's good standing away, and how others learn of it.

RFC 5280, Sections 5.3 and 6.3; ETSI EN 319 411-1, Section 6.2.4. Begin with
:class:`ca.revocation.revocation.Revocation`; every way to revoke (one, a million, by proof of
possession, with the glass broken) ends in :mod:`ca.revocation.changes`. CRLs are made in
:mod:`ca.crl`, answers in ``ocsp``.
"""
