"""What verifiers of SMART Health Cards fetch below the issuer's address.

SMART Health Cards Framework 1.4: keys at ``.well-known/jwks.json``, and the cards that were taken
back at ``.well-known/crl/{kid}.json``, by the identifier that each card has for that.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from core.database import Database
from core.errors import NotFound
from hsm.jose import public_jwk, thumbprint
from signing.passes.issuing.models import pass_codes, pass_status_lists, passes
from signing.passes.issuing.pass_types import CodeKind
from signing.passes.issuing.signers import HEALTH, DocumentSigners


class CardKeyUnknown(NotFound):
    """No key that signed cards has this kid."""

    problem = "card-key-unknown"
    title = "There is no such key of SMART Health Cards"


class CardLists:
    """Makes the lists; they are not signed, as the framework trusts the address."""

    def __init__(self, *, database: Database, signers: DocumentSigners) -> None:
        self._database = database
        self._signers = signers

    def keys(self) -> dict[str, Any]:
        """Return the keys of cards that count, kid and thumbprint being one (RFC 7638)."""
        with self._database.read() as connection:
            counter = revocations(connection)
        # Without x5c: the framework wants the issuer's address in such certificates.
        return {
            "keys": [
                {
                    **public_jwk(key),
                    "kid": kid,
                    "use": "sig",
                    "alg": "ES256",
                    "crlVersion": counter,
                }
                for kid, key in self._public_keys().items()
            ]
        }

    def revoked(self, kid: str) -> dict[str, Any]:
        """Return the cards of a key that were taken back. Raises CardKeyUnknown."""
        key_id = self._key_ids().get(kid)
        if key_id is None:
            raise CardKeyUnknown("No key that signed cards has this kid.")
        with self._database.read() as connection:
            counter = revocations(connection)
            numbers = connection.scalars(
                select(passes.c.number)
                .join(pass_codes, pass_codes.c.pass_id == passes.c.id)
                .where(
                    pass_codes.c.kind == CodeKind.SHC.value,
                    pass_codes.c.key_id == key_id,
                    passes.c.revoked_at.is_not(None),
                )
                .order_by(passes.c.number)
            )
            return {"kid": kid, "method": "rid", "ctr": counter, "rids": list(numbers)}

    def _public_keys(self) -> dict[str, Any]:
        keys = [one.certificate.public_key() for one in self._signers.counting(HEALTH)]
        return {thumbprint(one): one for one in keys}  # type: ignore[arg-type]

    def _key_ids(self) -> dict[str, bytes]:
        return {
            thumbprint(one.certificate.public_key()): one.key_id  # type: ignore[arg-type]
            for one in self._signers.counting(HEALTH)
        }


def revocations(connection: Connection) -> int:
    """Return how many passes were revoked so far: it rises with each."""
    return int(connection.scalar(select(func.sum(pass_status_lists.c.version))) or 0)
