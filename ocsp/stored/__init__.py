"""Answers signed ahead: kept small, found at a glance, put together when they are asked for.

An answer of one responder differs from its next only in CertID, status, times and signature
(:mod:`ocsp.stored.record`); the rest is the responder's (:mod:`ocsp.stored.template`). Begin with
:class:`ocsp.stored.answers.StoredAnswers`, which does a whole look-up; :mod:`ocsp.stored.store`
is the port behind which records are kept.
"""
