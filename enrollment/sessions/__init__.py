"""Sessions of people who hold or apply for certificates, at the public listener.

A session is a random token in a cookie; the table has only its hash, so that whoever reads the
table cannot sign in. Officers have none: they prove their certificate with every request. Begin
with :mod:`enrollment.sessions.sessions`.
"""
