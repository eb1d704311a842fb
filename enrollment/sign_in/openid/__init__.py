"""Sign in with an OpenID Connect provider such as CamDigiKey (OpenID Connect Core 1.0).

The code flow with PKCE (RFC 7636), state, nonce and the issuer's name in the answer (RFC 9207).
The provider says which identity document somebody holds; who that is, our own register knows.
Begin with :mod:`enrollment.sign_in.openid.flows`.
"""
