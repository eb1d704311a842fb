"""Which certificates a mass revocation means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement

from ca.models import certificates
from ca.revocation.errors import SelectionRefused

SHA256_OCTETS = 32


@dataclass(frozen=True)
class Selection:
    """Certificates that fulfil every filter that is set; at least one has to be.

    ``issued_from`` is included, ``issued_until`` is not; both compare with the instant of
    reservation, which every certificate has. ``public_key_sha256`` is 64 hex digits over the
    SubjectPublicKeyInfo DER.
    """

    authority: str | None = None
    profile: str | None = None
    holder: str | None = None
    issued_from: datetime | None = None
    issued_until: datetime | None = None
    public_key_sha256: str | None = None
    institution: str | None = None

    def __post_init__(self) -> None:
        if not any(value is not None for value in asdict(self).values()):
            raise SelectionRefused("Say which certificates are meant: give at least one filter.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the filters as SQL conditions on ``certificates``."""
        column = certificates.c
        found: list[ColumnElement[bool]] = []
        if self.authority is not None:
            found.append(column.authority == self.authority)
        if self.profile is not None:
            found.append(column.profile == self.profile)
        if self.holder is not None:
            found.append(column.holder == self.holder)
        if self.issued_from is not None:
            found.append(column.reserved_at >= self.issued_from)
        if self.issued_until is not None:
            found.append(column.reserved_at < self.issued_until)
        if self.institution is not None:
            found.append(column.institution == self.institution)
        if self.public_key_sha256 is not None:
            found.append(column.public_key_sha256 == bytes.fromhex(self.public_key_sha256))
        return found

    def to_json(self) -> dict[str, str]:
        """Return the filters that are set, as JSON can hold them."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
            if value is not None
        }

    @classmethod
    def from_json(cls, stored: dict[str, str]) -> Selection:
        """Return what ``to_json`` described."""
        return parse_selection(
            f"{name.replace('_', '-')}={value}" for name, value in stored.items()
        )


def parse_selection(filters: Iterable[str]) -> Selection:
    """Read filters of the form ``name=value``, as the command line gives them.

    Names are authority, profile, holder, institution, issued-from, issued-until (ISO 8601, UTC
    unless it says otherwise) and public-key-sha256. Raises SelectionRefused.
    """
    values: dict[str, Any] = {}
    for one in filters:
        name, equals, value = one.partition("=")
        read = _READERS.get(name)
        if read is None or not equals or not value:
            known = ", ".join(_READERS)
            raise SelectionRefused(f"A filter is name=value, with one of these names: {known}.")
        key = name.replace("-", "_")
        if key in values:
            raise SelectionRefused(f"The filter {name} stands twice.")
        values[key] = read(value)
    return Selection(**values)


def _instant(value: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise SelectionRefused("An instant is written like 2026-11-23T08:00:00Z.") from error
    try:
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError as error:
        raise SelectionRefused("An instant lies between the years 1 and 9999.") from error


def _key_hash(value: str) -> str:
    try:
        octets = bytes.fromhex(value)
    except ValueError:
        octets = b""
    if len(octets) != SHA256_OCTETS:
        raise SelectionRefused("A public key is named by 64 hex digits: its SHA-256.")
    return octets.hex()


_READERS: dict[str, Callable[[str], Any]] = {
    "authority": str,
    "profile": str,
    "holder": str,
    "issued-from": _instant,
    "issued-until": _instant,
    "institution": str,
    "public-key-sha256": _key_hash,
}
