"""Why a client is not registered, gets no token, or is not believed."""

from __future__ import annotations

from typing import ClassVar

from core.errors import (
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    TooMany,
    Unacceptable,
    Unauthenticated,
)


class ClientUnknown(NotFound):
    """There is no API client of this id, or it is another institution's."""

    problem = "client-unknown"
    title = "There is no such API client"


class ClientRefused(Unacceptable):
    """The registration asks for what no API client may have; the detail names it."""

    problem = "client-refused"
    title = "No such API client can be registered"


class ClientKeyRefused(Unacceptable):
    """The JWK is no public key that assertions may be signed with."""

    problem = "client-key-refused"
    title = "This key cannot be registered"


class ClientKeyTaken(Conflict):
    """A key belongs to one API client for ever, also when it is no longer used."""

    problem = "client-key-taken"
    title = "This key belongs to an API client already"


class ClientKeyUnknown(NotFound):
    """The API client has no key of this thumbprint."""

    problem = "client-key-unknown"
    title = "The API client has no such key"


class OwnClient(Forbidden):
    """Whoever registered a client that may submit for many cannot approve it."""

    problem = "own-client"
    title = "You cannot approve your own registration"


class ClientDecided(Conflict):
    """The registration was approved or refused already, or needs no decision."""

    problem = "client-decided"
    title = "This registration is decided already"


class ClientStateRefused(Conflict):
    """A client that waits for approval is not in use; one that was closed never comes back."""

    problem = "client-state-refused"
    title = "The API client's state cannot change so"


class OAuthRefusal(Malformed):
    """The token endpoint's refusals: ``error`` is the code of RFC 6749, Section 5.2."""

    problem = "token-request-malformed"
    title = "The token request cannot be read"
    error: ClassVar[str] = "invalid_request"


class GrantTypeNotOffered(OAuthRefusal):
    """Tokens are given for client credentials alone (RFC 6749, Section 4.4)."""

    problem = "grant-type-not-offered"
    title = "This grant type is not offered"
    error = "unsupported_grant_type"


class ScopeRefused(OAuthRefusal):
    """The scope is unknown, or was not granted to this client (RFC 6749, Section 3.3)."""

    problem = "scope-refused"
    title = "This scope is not granted to you"
    error = "invalid_scope"


class ClientNotAuthenticated(Unauthenticated):
    """The client is unknown or not in use, or its assertion or certificate proves nothing."""

    problem = "client-not-authenticated"
    title = "The API client did not prove itself"
    error: ClassVar[str] = "invalid_client"


class TokensTooMany(TooMany):
    """A token is good for minutes: a client that asks for one each time is told to wait."""

    problem = "tokens-too-many"
    title = "Too many tokens in a short time"


class TokenRefused(Unauthenticated):
    """The access token is unknown, over, or sent without the certificate that it is bound to."""

    problem = "token-refused"
    title = "The access token is not valid"
    # RFC 6750, Section 3.1.
    challenge = 'Bearer realm="camtrust", error="invalid_token"'


class TwoProofs(Malformed):
    """A request proves who sends it in one way: a person by a session, a program by a token."""

    problem = "two-proofs"
    title = "The request carries a session and a token"
