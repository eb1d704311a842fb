"""Certification authorities: hierarchy, profiles, issuance, revocation, CRLs, ceremonies.

Begin with :mod:`ca.issuance`: the one path by which a certificate comes to be.
"""
