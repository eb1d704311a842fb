"""Settings of the certification authorities: the section ``[ca]``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from ca.publication import PublicationUrls
from core import oids
from core.settings import Section

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
# RFC 2606 and RFC 6761: hosts that are for examples, or that every machine has for itself.
_NOBODY_ELSE_REACHES = re.compile(
    r"https?://([^/]*\.)?(localhost|127\.[0-9.]+|\[::1\]|example(\.(com|net|org))?)(:|/|$)"
)
# X.660 (2.999) and RFC 5612 (1.3.6.1.4.1.32473): arcs for examples.
_EXAMPLE_ARCS = (oids.EXAMPLE_ARC, oids.EXAMPLE_ENTERPRISE)


class CaSettings(Section):
    """How the authorities name and publish what they issue.

    ``publication_url``: where certificates, CRLs and status answers are fetched, plain http
    (RFC 5280, Section 8: fetching them over TLS may need what is fetched).
    ``policy_arc``: the OID under which each profile's policy stands; the default is the example
    arc, which ``production`` refuses.
    ``disclosure_statements``: language to https URL of the PKI disclosure statement.
    ``blocklists``: files of compromised keys (:mod:`ca.constraints.blocklists`), relative to
    home; ``badkeys_directory``: where badkeys' own blocklist was put.
    ``lint_in_full``: never reuse a linter's result.
    """

    production: bool = False
    publication_url: str = "http://pki.example.com"
    policy_arc: str = "2.999.855.1"
    disclosure_statements: Annotated[dict[str, str], Field(min_length=1)] = Field(
        default_factory=lambda: {"en": "https://pki.example.com/policy/disclosure-en.pdf"}
    )
    blocklists: tuple[Path, ...] = ()
    badkeys_directory: Path | None = None
    lint_in_full: bool = False

    @field_validator("publication_url")
    @classmethod
    def _is_plain_http(cls, value: str) -> str:
        if not re.fullmatch(r"http://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?", value):
            raise ValueError("has to be an http:// URL without query")
        return value.rstrip("/")

    @field_validator("policy_arc")
    @classmethod
    def _is_a_readable_arc(cls, value: str) -> str:
        if not _OID.fullmatch(value):
            raise ValueError("has to be an object identifier in dotted form")
        if _is_under(value, oids.UUID_ARC):
            # Go's parser took arcs of 31 bits only; clients built with it refuse the certificate.
            raise ValueError("2.25 (by UUID) cannot be read by older Go clients")
        return value

    @field_validator("disclosure_statements")
    @classmethod
    def _are_https(cls, value: dict[str, str]) -> dict[str, str]:
        # ETSI EN 319 412-5, Section 4.3.4: ISO 639-1 language, https URL.
        for language, url in value.items():
            if not re.fullmatch(r"[a-z]{2}", language) or not url.startswith("https://"):
                raise ValueError("has to map a two-letter language to an https:// URL")
        return value

    @model_validator(mode="after")
    def _is_fit_for_production(self) -> Self:
        if not self.production:
            return self
        if any(_is_under(self.policy_arc, arc) for arc in _EXAMPLE_ARCS):
            raise ValueError("production needs a policy_arc of its own; this one is for examples")
        urls = [self.publication_url, *self.disclosure_statements.values()]
        if any(_NOBODY_ELSE_REACHES.match(url) for url in urls):
            raise ValueError(
                "production needs publication_url and disclosure_statements that others reach"
            )
        return self

    @property
    def publication(self) -> PublicationUrls:
        """Where what the authorities publish is found."""
        return PublicationUrls(self.publication_url)


def _is_under(oid: str, arc: str) -> bool:
    return oid == arc or oid.startswith(arc + ".")
