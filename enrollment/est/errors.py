"""Why the EST server says no."""

from __future__ import annotations

from core.errors import Forbidden, Malformed, Unacceptable, Unauthenticated


class EstBodyMalformed(Malformed):
    """The body is not a PKCS #10 request in base64 (RFC 8951, Section 3)."""

    problem = "est-body-malformed"
    title = "The body is no base64"


class EstCredentialsRefused(Unauthenticated):
    """No credentials came, or they are not those of a grant for EST; RFC 7030, Section 3.2.3."""

    problem = "est-credentials-refused"
    title = "These are not a client's credentials"


class EstNameNotGranted(Forbidden):
    """The request names a server that the grant does not cover."""

    problem = "est-name-not-granted"
    title = "The grant does not cover this name"


class EstNotRenewable(Forbidden):
    """The certificate presented was not issued by a grant for EST."""

    problem = "est-not-renewable"
    title = "This certificate cannot be renewed here"


class EstRenewalMismatch(Unacceptable):
    """RFC 7030, Section 4.2.2: subject and names stay as they are in the present certificate."""

    problem = "est-renewal-mismatch"
    title = "The request is not for the same subject"


class ServerKeyNotOffered(Forbidden):
    """A private key that the server made would have been in other hands than its owner's."""

    problem = "server-key-not-offered"
    title = "The server makes no keys for clients"


class TransportNotSecure(Forbidden):
    """EST goes over TLS alone (RFC 7030, Section 3.3): a password would be read on its way."""

    problem = "transport-not-secure"
    title = "Come over https"
