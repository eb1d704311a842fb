"""Validating a challenge, and checking CAA, from every perspective that is configured."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ca.constraints.alternative_names import is_dns_name
from core.outgoing.deadline import Deadline
from enrollment.acme.validation.caa import IssueRequest, check_caa
from enrollment.acme.validation.dns_01 import check_txt
from enrollment.acme.validation.errors import ValidationFailed, quoted
from enrollment.acme.validation.perspectives import Perspective, Quorum, build_perspectives
from enrollment.acme.validation.settings import ValidationSettings

# RFC 8555, Section 8.3: a token is base64url.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
WILDCARD = "*."


@dataclass(frozen=True)
class Challenge:
    """What a client says it has put where only the holder of a name can (RFC 8555, Section 8)."""

    kind: Literal["http-01", "dns-01"]
    dns_name: str
    token: str
    key_authorization: str


class Validation:
    """Looks at challenges and CAA records; keeps nothing, and is safe to use from any thread."""

    def __init__(
        self, *, quorum: Quorum, identities: Collection[str], timeout_seconds: float
    ) -> None:
        self._quorum = quorum
        self._identities = identities
        self._timeout_seconds = timeout_seconds

    @classmethod
    def build(cls, settings: ValidationSettings) -> Validation:
        """Build it from the settings."""
        first, remotes = build_perspectives(settings)
        quorum = Quorum(first=first, remotes=remotes, failures_allowed=settings.failures_allowed)
        return cls(
            quorum=quorum,
            identities=frozenset(settings.caa_identities),
            timeout_seconds=settings.timeout_seconds,
        )

    def validate(self, challenge: Challenge) -> None:
        """Check that a challenge is answered (RFC 8555, Sections 8.3 and 8.4).

        Takes at most ``timeout_seconds``, and as much again with vantage points.
        Raises ValidationFailed.
        """
        _check_name(challenge.dns_name)
        if challenge.kind == "http-01" and challenge.dns_name.startswith(WILDCARD):
            # TLS Baseline Requirements, Section 3.2.2.4.19: a web server proves no other names.
            raise ValidationFailed("unauthorized", "A wildcard is proved by dns-01 alone.")
        if not _TOKEN.fullmatch(challenge.token) or not challenge.key_authorization.isascii():
            raise ValidationFailed("unauthorized", "The challenge's token is not base64url.")

        def look(perspective: Perspective) -> None:
            self._look_at(challenge, perspective)

        self._quorum.agree(look)

    def check_caa(self, dns_name: str, *, method: str, account_uri: str, wildcard: bool) -> None:
        """Check that CAA records let us issue for a name (RFC 8659, RFC 8657).

        ``method`` is the challenge's kind, by which the name was proved; ``dns_name`` may have
        its ``*.`` or not. Raises ValidationFailed (``caa``; ``dns`` if they cannot be known).
        """
        _check_name(dns_name)
        request = IssueRequest(method=method, account_uri=account_uri, wildcard=wildcard)

        def look(perspective: Perspective) -> None:
            check_caa(
                dns_name,
                request,
                identities=self._identities,
                resolver=perspective.resolver,
                deadline=Deadline(self._timeout_seconds),
            )

        self._quorum.agree(look)

    def _look_at(self, challenge: Challenge, perspective: Perspective) -> None:
        deadline = Deadline(self._timeout_seconds)
        if challenge.kind == "http-01":
            perspective.http.check(
                challenge.dns_name,
                token=challenge.token,
                key_authorization=challenge.key_authorization,
                deadline=deadline,
            )
        else:
            check_txt(
                challenge.dns_name,
                key_authorization=challenge.key_authorization,
                resolver=perspective.resolver,
                deadline=deadline,
            )


def _check_name(dns_name: str) -> None:
    if not is_dns_name(dns_name.removeprefix(WILDCARD)):
        raise ValidationFailed("dns", f"{quoted(dns_name)} is not a DNS name.")
