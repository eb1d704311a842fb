"""The address of a document's page: as people read it, and as a QR code holds it."""

from __future__ import annotations

from signing.documents.verification.identifiers import DocumentId

PATH = "/v/"


class VerificationAddresses:
    """Addresses on one host. ``origin`` is a scheme and a host, without a path."""

    def __init__(self, origin: str) -> None:
        self._origin = origin.rstrip("/")

    def printed(self, document: DocumentId) -> str:
        """Return the address that stands under a stamp."""
        return f"{self._origin}{PATH}{document}"

    def in_qr(self, document: DocumentId, summary: str = "") -> str:
        """Return the address for a QR code, with the signed summary after the ``#``.

        RFC 3986, Section 6.2.2.1: scheme and host may be written in capitals. So all of it but
        the ``#`` is alphanumeric to a QR code (ISO/IEC 18004, 7.3.4), a third shorter than bytes.
        RFC 3986, Section 3.5: what stands after ``#`` is not sent to any server.
        """
        address = self.printed(document).upper()
        return f"{address}#{summary}" if summary else address
