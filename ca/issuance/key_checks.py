"""A key belongs to one holder for ever, and a blocked key to nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from ca.issuance.errors import KeyBelongsToAnother, KeyBlocked
from ca.models import blocked_keys, certificates
from ca.plan import CertificatePlan
from core.errors import CamtrustError


def refuse_taken_keys(
    connection: Connection, plans: Sequence[CertificatePlan]
) -> dict[int, CamtrustError]:
    """Return, by position in ``plans``, why a key may not be certified.

    Within the sequence too, a key's first holder keeps it. The caller runs this once before it
    reserves, for the refusals, and once more when the log's lock is held, against a race.
    """
    wanted = {plan.public_key_sha256 for plan in plans}
    blocked = _blocked(connection, wanted)
    holders = _holders(connection, wanted)
    refusals: dict[int, CamtrustError] = {}
    for position, plan in enumerate(plans):
        refusal = _refusal(plan, blocked, holders)
        if refusal is not None:
            refusals[position] = refusal
        else:
            holders.setdefault(plan.public_key_sha256, set()).add(plan.holder)
    return refusals


def _refusal(
    plan: CertificatePlan, blocked: Mapping[bytes, str], holders: Mapping[bytes, set[str]]
) -> CamtrustError | None:
    key = plan.public_key_sha256
    if key in blocked:
        return KeyBlocked(
            "This key may not be certified: it is blocked. Make a new key and ask again.",
            reason=blocked[key],
        )
    if holders.get(key, set()) - {plan.holder}:
        return KeyBelongsToAnother(
            "This key is already certified for another holder. Make a new key and ask again."
        )
    return None


def _blocked(connection: Connection, keys: set[bytes]) -> dict[bytes, str]:
    rows = connection.execute(
        select(blocked_keys.c.public_key_sha256, blocked_keys.c.reason).where(
            blocked_keys.c.public_key_sha256.in_(keys)
        )
    )
    return {row.public_key_sha256: row.reason for row in rows}


def _holders(connection: Connection, keys: set[bytes]) -> dict[bytes, set[str]]:
    # An abandoned serial number was perhaps signed, never handed out: its key is still its
    # holder's. In the second look two holders show, where two processes reserved at once.
    rows = connection.execute(
        select(certificates.c.public_key_sha256, certificates.c.holder)
        .where(certificates.c.public_key_sha256.in_(keys))
        .distinct()
    )
    holders: dict[bytes, set[str]] = {}
    for row in rows:
        holders.setdefault(row.public_key_sha256, set()).add(row.holder)
    return holders
