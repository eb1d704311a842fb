"""Enrolment over secure transport (RFC 7030, with the corrections of RFC 8951).

A client enrols with the password of its grant by HTTP Basic, and re-enrols with the certificate
that it has. The server never makes a client's key. Begin with :mod:`enrollment.est.enrolling`.
"""
