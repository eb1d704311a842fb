"""Our own signers, for whoever verifies our passes: a JWK set, and GDHCN's DID document.

A certificate stands in them as long as it is valid and good, after the use of its key too: what it
signed still counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.jose import public_jwk
from signing.passes.codecs import strict_json
from signing.passes.issuing.signers import BY_NAME, HEALTH, DocumentSigners
from signing.passes.publishing.kept import KeptLists, Published
from signing.passes.publishing.seal import ListSeal, kid_text, x5c
from signing.passes.trust.certificates import read_certificate
from signing.service_keys.certificates import ServiceCertificate

# GDHCN, DID trust list 2.0: {domain}:{participant}:{usage}; "-" stands for every domain.
_EVERY_DOMAIN, _PARTICIPANT, _SIGNER, _AUTHORITY = "-", "KHM", "DSC", "SCA"
_CONTEXT = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"]


class TrustListForm(StrEnum):
    """The lists by name."""

    JWKS = "jwks"
    DID = "did"


@dataclass(frozen=True)
class _Listed:
    """A certificate in a list; ``chain`` are those above it, without the anchor."""

    certificate: x509.Certificate
    chain: tuple[bytes, ...]

    def jwk(self) -> dict[str, Any]:
        der = self.certificate.public_bytes(Encoding.DER)
        # The kid of HCERT, by which codes name their signer.
        name = kid_text(read_certificate(der).key_id)
        members = public_jwk(self.certificate.public_key())  # type: ignore[arg-type]
        return {**members, "kid": name, "use": "sig", "x5c": x5c([der, *self.chain])}


class TrustLists:
    """Makes the lists."""

    def __init__(
        self,
        *,
        signers: DocumentSigners,
        issuer_of: Callable[[x509.Certificate], x509.Certificate | None],
        seal: ListSeal,
        kept: KeptLists,
        address: str,
        lifetime: timedelta,
    ) -> None:
        self._signers = signers
        self._issuer_of = issuer_of
        self._seal = seal
        self._kept = kept
        self._did = _did_of(address)
        self._lifetime = lifetime

    def document(self, form: TrustListForm) -> Published:
        """Return a list as JSON. Raises DatabaseUnavailable."""
        octets = strict_json.compact(_DOCUMENTS[form](self))
        return Published(octets, hashlib.sha256(octets).hexdigest()[:32])

    def signed(self, form: TrustListForm) -> Published:
        """Return a list within a compact JWS, whose payload are the octets of the JSON.

        Its header says until when it counts (``iat``, ``exp``). Raises DocumentSignerMissing,
        TokenUnavailable, DatabaseUnavailable.
        """
        document = self.document(form)

        def sign(now: datetime) -> bytes:
            header = {
                "typ": "trustlist+jws",
                "cty": _CONTENT_TYPES[form],
                "iat": int(now.timestamp()),
                "exp": int((now + self._lifetime).timestamp()),
            }
            return self._seal.jws(document.octets, header).encode()

        return self._kept.get(f"trust-{form}", f"{document.tag}-{self._seal.name}", sign)

    def key_set(self) -> dict[str, Any]:
        """Return every document signer as a JWK (RFC 7517), with its certificate in x5c."""
        return {"keys": [self._listed(one).jwk() for name in BY_NAME for one in self._of(name)]}

    def did_document(self) -> dict[str, Any]:
        """Return the signers of health certificates and their authorities, in GDHCN's form."""
        held = self._of(HEALTH)
        methods = [self._method(_SIGNER, self._listed(one)) for one in held]
        methods += [self._method(_AUTHORITY, one) for one in self._authorities(held)]
        return {
            "@context": _CONTEXT,
            "id": self._did,
            "controller": self._did,
            "verificationMethod": methods,
        }

    def _of(self, name: str) -> list[ServiceCertificate]:
        return self._signers.counting(name)

    def _listed(self, one: ServiceCertificate) -> _Listed:
        return _Listed(one.certificate, tuple(self._signers.chain(one)[1:]))

    def _authorities(self, held: list[ServiceCertificate]) -> Iterator[_Listed]:
        found = (self._issuer_of(one.certificate) for one in held)
        for authority in dict.fromkeys(one for one in found if one is not None):
            yield _Listed(authority, ())

    def _method(self, usage: str, one: _Listed) -> dict[str, Any]:
        group = f"{self._did}:trustlist:{_EVERY_DOMAIN}:{_PARTICIPANT}"
        jwk = one.jwk()
        return {
            "id": f"{group}:{usage}#{jwk['kid']}",
            "type": "JsonWebKey2020",
            "controller": group,
            "publicKeyJwk": jwk,
        }


def _did_of(address: str) -> str:
    # did:web, Section 3.2: a port's colon is escaped, and each slash becomes a colon.
    parts = urlsplit(address)
    return ":".join(["did:web", quote(parts.netloc, safe=""), *parts.path.strip("/").split("/")])


_DOCUMENTS: Mapping[TrustListForm, Callable[[TrustLists], dict[str, Any]]] = {
    TrustListForm.JWKS: TrustLists.key_set,
    TrustListForm.DID: TrustLists.did_document,
}
# RFC 7515, Section 4.1.10: without "application/".
_CONTENT_TYPES = {TrustListForm.JWKS: "jwk-set+json", TrustListForm.DID: "did+json"}
