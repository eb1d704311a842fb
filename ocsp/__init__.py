"""Certificate status online: RFC 6960, within RFC 9919's profile, nonces as in RFC 9654.

Begin with :class:`ocsp.responder.StatusResponder`: octets in, octets out. A request is read by
:mod:`ocsp.request`, whose standing it asks for comes from ``ca.revocation.status``, the answer
is encoded by :mod:`ocsp.response` and signed by an identity of :mod:`ocsp.identities`, a
short-lived delegate of the authority that issued the certificate in question.
"""
