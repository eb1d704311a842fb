"""A key belongs to one holder for ever, and a blocked key to nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import BindParameter, Connection, String, bindparam, cast, null, select, union_all

from ca.issuance.errors import KeyBelongsToAnother, KeyBlocked
from ca.models import blocked_keys, certificates
from ca.plan import CertificatePlan
from core.errors import CamtrustError

_KEYS: BindParameter[bytes] = bindparam("keys", expanding=True)
_NOTHING = cast(null(), String)
# One question, built once. An abandoned serial number was perhaps signed, never handed out: its
# key is still its holder's. In the second look two holders show, where two processes reserved at
# once.
_KNOWN = union_all(
    select(blocked_keys.c.public_key_sha256, blocked_keys.c.reason, _NOTHING).where(
        blocked_keys.c.public_key_sha256.in_(_KEYS)
    ),
    select(certificates.c.public_key_sha256, _NOTHING, certificates.c.holder)
    .where(certificates.c.public_key_sha256.in_(_KEYS))
    .distinct(),
)


def refuse_taken_keys(
    connection: Connection, plans: Sequence[CertificatePlan]
) -> dict[int, CamtrustError]:
    """Return, by position in ``plans``, why a key may not be certified.

    Within the sequence too, a key's first holder keeps it. The caller runs this once before it
    reserves, for the refusals, and once more when the log's lock is held, against a race.
    """
    wanted = {plan.public_key_sha256 for plan in plans}
    blocked, holders = _known(connection, wanted)
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


def _known(
    connection: Connection, keys: set[bytes]
) -> tuple[dict[bytes, str], dict[bytes, set[str]]]:
    """Return why keys are blocked, and whose they are."""
    blocked: dict[bytes, str] = {}
    holders: dict[bytes, set[str]] = {}
    for key, reason, holder in connection.execute(_KNOWN, {"keys": [*keys]}):
        if holder is None:
            blocked[key] = reason
        else:
            holders.setdefault(key, set()).add(holder)
    return blocked, holders
