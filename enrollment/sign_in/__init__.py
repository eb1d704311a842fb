"""How people sign in: a passkey, an OpenID provider, or a certificate of ours.

Officers sign in with a certificate at each request, on their own listener. Subscribers get a
session on the public one, whichever of the three ways they take. Begin with
:mod:`enrollment.sign_in.certificates`, then :mod:`enrollment.sign_in.ways`.
"""

from enrollment.sign_in.certificates import CertificateSignIn

__all__ = ["CertificateSignIn"]
