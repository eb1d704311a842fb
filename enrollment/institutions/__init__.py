"""Institutions: ministries, administrations, and companies that are members of CamDX.

Each has people of its own, and officers who see and decide these alone
(:mod:`enrollment.jurisdiction`). Begin with :mod:`enrollment.institutions.institutions`.
"""
