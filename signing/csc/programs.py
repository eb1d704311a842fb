"""The port to the programs that officers registered; ``camtrust/`` connects it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from signing.credentials.second_factor import Caller


@dataclass(frozen=True)
class Program:
    """A program that may ask for signatures. ``institution``: None for one of the nation."""

    id: str
    name: str
    institution: str | None


@dataclass(frozen=True)
class ProgramProof:
    """What a program sends to the token endpoint to prove itself.

    RFC 7523, Section 2.2 (``client_assertion``) or RFC 8705, Section 2.1 (a certificate, which is
    found in the request's environment).
    """

    client_id: str | None
    assertion_type: str | None
    assertion: str | None
    environ: Mapping[str, Any]


@dataclass(frozen=True)
class ProvenProgram:
    """A program that proved itself. ``certificate_sha256``: what its tokens are bound to."""

    program: Program
    certificate_sha256: bytes | None


@dataclass(frozen=True)
class ProgramToken:
    """An access token of a program for itself, as it gets it."""

    token: str
    lifetime: timedelta


class Programs(Protocol):
    """Knows programs. Each method raises Unavailable when a part of the service is away."""

    def find(self, client_id: str) -> Program | None:
        """Return a program that is in use and may ask for signatures, None for any other."""

    def prove(self, proof: ProgramProof) -> ProvenProgram:
        """Return who proved itself; an assertion is taken once. Raises Unauthenticated."""

    def issue(self, proof: ProgramProof) -> ProgramToken:
        """Issue a token for client credentials (RFC 6749, Section 4.4).

        Raises Unauthenticated, TooMany, and Malformed where it may not ask for signatures.
        """

    def caller(self, token: str, environ: Mapping[str, Any]) -> Caller:
        """Return whose token it is. Raises Unauthenticated, Forbidden."""

    def certificate_sha256(self, environ: Mapping[str, Any]) -> bytes | None:
        """Return of the certificate that a request came with, None for none."""
