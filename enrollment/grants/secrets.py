"""The secrets of grants: derived in the token, stored nowhere.

A secret is the token's HMAC over the grant's id and the secret's purpose (NIST SP 800-108,
Section 4.1, with one block), so that the database alone gives nobody a secret, and neither does
a backup of it.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping

from core.clock import Clock
from core.database import Database
from core.transparency.entry import JsonValue, LogEntry, commitment
from core.transparency.log import TransparencyLog
from enrollment.grants.errors import SecretForProposer
from enrollment.grants.grant import Grant, GrantProtocol, find_grant
from enrollment.grants.grants import check_usable
from enrollment.jurisdiction import Jurisdiction
from enrollment.officers import behind
from hsm.keys import MacKey

# The name of the MAC key in its token.
MAC_KEY = "enrollment grants"
PURPOSES: Mapping[GrantProtocol, str] = {
    GrantProtocol.ACME: "acme-eab",
    GrantProtocol.EST: "est-password",
    GrantProtocol.CMP: "cmp-mac",
}
_DOMAIN = b"camtrust grant secret, version 1"


class GrantSecrets:
    """Derives the secrets of grants, and hands each out to the officer who delivers it."""

    def __init__(
        self,
        *,
        database: Database,
        log: TransparencyLog,
        mac_key: Callable[[], MacKey],
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._mac_key = mac_key
        self._clock = clock

    def secret_of(self, grant_id: str, purpose: str) -> bytes:
        """Return the 32 octets of a secret, whatever the grant's state. Raises TokenUnavailable."""
        parts = (_DOMAIN, purpose.encode("ascii"), grant_id.encode("ascii"))
        return self._mac_key().mac(b"".join(len(one).to_bytes(2, "big") + one for one in parts))

    def hand_over(self, grant_id: str, *, officer: str) -> tuple[Grant, str]:
        """Return an active grant and its secret in base64url; that it was shown is logged.

        Raises GrantUnknown, GrantNotActive, SecretForProposer and Unavailable.
        """
        with self._database.read() as connection:
            within = Jurisdiction(behind(connection, officer).institution)
            known = find_grant(connection, grant_id, within=within)
        # Before the transaction: the token, which may be slow, holds up no other.
        secret = self.secret_of(known.id, PURPOSES[known.protocol])
        with self._database.begin() as connection:
            grant = find_grant(connection, grant_id, locked=True)
            now = self._clock.now()
            check_usable(grant, grant.protocol, now)
            if grant.proposed_by != officer:
                raise SecretForProposer("The officer who proposed this grant hands it over.")
            shown_to = commitment(grant.salt, officer.encode())
            facts: dict[str, JsonValue] = {"grant": grant.id, "officer": shown_to}
            self._log.append(connection, [LogEntry("grant-secret-shown", now, facts)])
        return grant, as_text(secret)


def as_text(secret: bytes) -> str:
    """Return a secret as it is handed over: base64url without padding (RFC 4648, Section 5)."""
    return urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")
