"""Refusals of the CSC API: ``error`` is the code in the body."""

from __future__ import annotations

from typing import ClassVar

from core.errors import Malformed, NotFound, Unacceptable, Unauthenticated, Unavailable


class CscRequestRefused(Malformed):
    """A member is missing, has another type, or names what is not known (CSC 2.0, Section 8)."""

    problem = "csc-request-refused"
    title = "The request to the CSC API cannot be read"
    error: ClassVar[str] = "invalid_request"


class CscTokenRefused(Unauthenticated):
    """The access token is missing, unknown, over, or is not for this."""

    problem = "csc-token-refused"
    title = "The access token is not valid"
    error: ClassVar[str] = "invalid_token"


class CscNotOffered(Unacceptable):
    """The CSC API knows it, and it is not offered here; the detail names what is."""

    problem = "csc-not-offered"
    title = "This is not offered"
    error: ClassVar[str] = "invalid_request"


class DocumentUnfinished(Unavailable):
    """A signature was made, and its time-stamp or evidence was not to be had."""

    problem = "csc-document-unfinished"
    title = "The signature could not be completed"


class DocumentsTooLarge(Unacceptable):
    """The documents of one request are larger than the CSC API takes."""

    problem = "csc-documents-too-large"
    title = "The documents are too large"
    error: ClassVar[str] = "invalid_request"


class GrantRefused(Malformed):
    """The authorization code is unknown, over, used, or not this program's."""

    problem = "csc-grant-refused"
    title = "The authorization code is not valid"
    error: ClassVar[str] = "invalid_grant"


class GrantTypeRefused(Malformed):
    """Tokens are given for authorization codes and client credentials alone."""

    problem = "csc-grant-type-refused"
    title = "This grant type is not offered"
    error: ClassVar[str] = "unsupported_grant_type"


class ScopeNotOffered(Malformed):
    """The scopes of the CSC API are ``service`` and ``credential``."""

    problem = "csc-scope-refused"
    title = "This scope is not offered"
    error: ClassVar[str] = "invalid_scope"


class SigningRequestUnknown(NotFound):
    """The request for signatures is unknown, was decided, or was left for too long."""

    problem = "signing-request-unknown"
    title = "This request is over"


class ReturnAddressRefused(Malformed):
    """The program is unknown, or was not registered with the address to come back to."""

    problem = "return-address-refused"
    title = "This program cannot ask for signatures so"


class ReturnAddressUnsuitable(Unacceptable):
    """An address to come back to is an https URL without a fragment, or one of this machine."""

    problem = "return-address-unsuitable"
    title = "This address cannot be registered"
