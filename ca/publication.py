"""Where an authority's certificates, CRLs and status answers are published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublicationUrls:
    """Makes the URLs that certificates and CRLs carry, below ``base`` (no slash at its end)."""

    base: str

    def issuer_certificate(self, authority: str) -> str:
        """Return the URL of an authority's own certificate, DER (RFC 5280, Section 4.2.2.1)."""
        return f"{self.base}/ca/{authority}.cer"

    def crl(self, authority: str, shard: int) -> str:
        """Return the URL of the complete CRL of a shard (RFC 5280, Section 4.2.1.13)."""
        return f"{self.base}/crl/{authority}/{shard}.crl"

    def delta_crl(self, authority: str, shard: int) -> str:
        """Return the URL of the delta CRL of a shard (RFC 5280, Section 4.2.1.15)."""
        return f"{self.base}/crl/{authority}/{shard}-delta.crl"

    @property
    def ocsp(self) -> str:
        """The URL of the status responder (RFC 6960, Section 3.1)."""
        return f"{self.base}/ocsp"
