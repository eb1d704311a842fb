"""API clients: institutions' programs that use ``/enrollment/v1`` with OAuth 2.0 access tokens.

Officers register a client for an institution with the scopes that it may ask for; a scope is one
of our permissions. The client proves itself with a signed assertion (RFC 7523) or its certificate
(RFC 8705), gets a token for some minutes (RFC 6749, Section 4.4), and sends it along (RFC 6750).

Begin with :mod:`enrollment.clients.client`, then :mod:`enrollment.clients.tokens`.
"""
