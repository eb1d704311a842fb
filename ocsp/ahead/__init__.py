"""Signing answers ahead of the questions: nothing runs out, and nothing stays that is wrong.

The :mod:`follower <ocsp.ahead.following>` reads the transparency log and signs at once what it
changed; :mod:`walkers <ocsp.ahead.walking>` sign everything again before it runs out. Both sign
by :mod:`ocsp.ahead.signing` and write with the log's size as version, so that neither can put an
older standing over a newer one. Begin with docs/explanation/status-ahead.md.
"""
