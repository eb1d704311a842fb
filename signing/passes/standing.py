"""Whether a pass was taken back, as far as the lists tell that lie with the trust.

A list counts where its signer has the key of the pass's own signer, or is of the same country.
Lists are taken as they are, whatever instant is asked about: who revokes a pass does so for good.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from signing.passes.codecs.status_bits import INVALID, SUSPENDED, VALID, status_at
from signing.passes.formats.opened import OpenedPass
from signing.passes.formats.revocation_hashes import hashes_of
from signing.passes.rules.countries import are_one_country
from signing.passes.trust.signed_list import SignedList
from signing.passes.trust.signers import Signer, TrustStore

ListT = TypeVar("ListT", bound=SignedList)


@dataclass(frozen=True)
class Standing:
    """Why a pass is revoked, and what a reader should know of the lists."""

    revoked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def standing_of(
    opened: OpenedPass, signer: Signer, trust: TrustStore, moment: datetime
) -> Standing:
    """Look a signed pass up in the lists of its issuer."""
    revoked: list[str] = []
    notes: list[str] = []
    for one in (
        _in_status_list(opened, signer, trust, moment),
        _in_hash_lists(opened, signer, trust, moment),
    ):
        revoked += one.revoked
        notes += one.notes
    return Standing(tuple(revoked), tuple(notes))


def _in_status_list(
    opened: OpenedPass, signer: Signer, trust: TrustStore, moment: datetime
) -> Standing:
    place = opened.status
    if place is None:
        return Standing()
    lists = [one for one in trust.status_lists if one.uri == place.uri]
    newest = _newest(_of_issuer(lists, signer, trust))
    if newest is None:
        return Standing()
    status = status_at(newest.octets, newest.width, place.index)
    since = _day(newest.issued_at)
    if status == INVALID:
        return Standing(revoked=(f"Its issuer took it back: status list of {since}.",))
    if status == SUSPENDED:
        return Standing(revoked=(f"Its issuer suspended it: status list of {since}.",))
    if status != VALID:
        return Standing(notes=(f"The status list of {since} does not tell what became of it.",))
    return Standing(notes=tuple(_age_notes(newest, moment)))


def _in_hash_lists(
    opened: OpenedPass, signer: Signer, trust: TrustStore, moment: datetime
) -> Standing:
    hashes = list(hashes_of(opened))
    if not hashes:
        return Standing()
    lists = list(_of_issuer(trust.hash_lists, signer, trust))
    for one in lists:
        for each in hashes:
            for batch in one.entries.get((each.hash_type.value, each.octets), ()):
                if batch.signer_key_id not in (None, each.signer_key_id):
                    continue
                if are_one_country(batch.country, signer.issuer):
                    since = _day(one.issued_at)
                    return Standing(revoked=(f"Its issuer took it back: hashes of {since}.",))
    newest = _newest(lists)
    return Standing() if newest is None else Standing(notes=tuple(_age_notes(newest, moment)))


def _of_issuer(lists: Sequence[ListT], signer: Signer, trust: TrustStore) -> Iterator[ListT]:
    for one in lists:
        if any(_may_speak_for(maker, signer) for maker in trust.makers_of(one)):
            yield one


def _may_speak_for(maker: Signer, signer: Signer) -> bool:
    return maker.thumbprint == signer.thumbprint or are_one_country(maker.issuer, signer.issuer)


def _newest(lists: Iterator[ListT] | Sequence[ListT]) -> ListT | None:
    return max(lists, key=lambda one: one.issued_at, default=None)


def _age_notes(one: SignedList, moment: datetime) -> Iterator[str]:
    if one.expires_at is not None and one.expires_at < moment:
        yield (
            f"Whether it was revoked is known until {_day(one.expires_at)} alone: {one.source} is "
            "too old."
        )


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
