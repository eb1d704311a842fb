"""What every format says of an opened code, for the verifier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signing.passes.codecs.signatures import Signed
from signing.passes.pass_format import PassFormat
from signing.passes.trust.certificates import PassCertificate


@dataclass(frozen=True)
class NamedKey:
    """The code names its signer's key by a kid."""

    key_id: bytes


@dataclass(frozen=True)
class NamedThumbprint:
    """The code names its signer's key by the JWK thumbprint (RFC 7638)."""

    thumbprint: str


@dataclass(frozen=True)
class Enclosed:
    """The code carries its signer's certificate."""

    certificate: PassCertificate


SignerName = NamedKey | NamedThumbprint | Enclosed


@dataclass(frozen=True)
class Subject:
    """Whom the pass is about, as far as one compares it with a passport or a face."""

    name: str | None = None
    standardised_name: str | None = None
    """In the letters of the passport's machine-readable zone."""
    date_of_birth: str | None = None
    """ISO 8601; only a year, or a year and a month, where no more is known."""
    document_number: str | None = None


@dataclass(frozen=True)
class Usage:
    """What the signer's certificate has to allow.

    ``needed`` are extended key usages, of which it has to have one, ``refused`` those of which it
    may have none. Where ``absent_means_any``, a certificate with none of ``among`` (with none at
    all, where that is None) may sign what it is not refused for. ``domain`` is GDHCN's.
    ``own_country``: a signer may issue for the country of its authority alone.
    ``outlives_signer``: the pass counts after its signer's certificate has expired, as long as its
    list has the key.
    """

    needed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    among: frozenset[str] | None = None
    absent_means_any: bool = True
    domain: str | None = None
    own_country: bool = False
    outlives_signer: bool = False

    def allows(self, certificate: PassCertificate) -> bool:
        """Tell whether ``certificate`` may sign this."""
        usages = certificate.extended_key_usage
        if usages & self.refused:
            return False
        if not self.needed or usages & self.needed:
            return True
        return self.absent_means_any and not (usages if self.among is None else usages & self.among)


@dataclass(frozen=True)
class DatedNote:
    """A note that is true before an instant, or from one on."""

    text: str
    before: datetime | None = None
    since: datetime | None = None

    def is_true_at(self, moment: datetime) -> bool:
        """Tell whether a reader should know it at ``moment``."""
        return (self.before is None or moment < self.before) and (
            self.since is None or moment >= self.since
        )


@dataclass(frozen=True)
class Content:
    """What is signed, in terms that formats share. Instants are aware UTC.

    ``faults`` say where the content is not what a pass of its kind contains, ``notes`` and
    ``dated_notes`` what a reader should know although nothing is wrong with the pass.
    """

    kind: str
    subject: Subject = Subject()
    usage: Usage = Usage()
    identifier: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    dated_notes: tuple[DatedNote, ...] = ()


@dataclass(frozen=True)
class StatusReference:
    """The status list in which a pass has a place, by its address, and the place."""

    uri: str
    index: int


@dataclass(frozen=True)
class OpenedPass:
    """A code whose form is right, and of which nothing is believed yet."""

    format: PassFormat
    signed: Signed
    signer: SignerName
    content: Content
    issuer: str | None = None
    issued_at: datetime | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    status: StatusReference | None = None
    faults: tuple[str, ...] = ()
