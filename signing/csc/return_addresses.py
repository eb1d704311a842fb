"""Where programs come back to after a signer decided: registered by officers, compared exactly."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.database import Database
from core.transparency.entry import LogEntry, commitment, new_salt
from core.transparency.log import TransparencyLog
from signing.csc.errors import ReturnAddressUnsuitable
from signing.csc.models import csc_return_addresses

LONGEST = 400
# The page's Content-Security-Policy names it: no `;` and no user before it (RFC 3986, 3.2.2).
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")


class ReturnAddresses:
    """Keeps the addresses; each change is logged."""

    def __init__(self, *, database: Database, log: TransparencyLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def of(self, client: str) -> list[str]:
        """Return a program's addresses, in their order."""
        query = (
            select(csc_return_addresses.c.address)
            .where(csc_return_addresses.c.client == client)
            .order_by(csc_return_addresses.c.address)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def add(self, client: str, address: str, *, by: str) -> None:
        """Register an address; the same again changes nothing. Raises ReturnAddressUnsuitable."""
        _check(address)
        now, salt = self._clock.now(), new_salt()
        facts = {
            "client": client,
            "address": commitment(salt, address.encode()),
            "officer": commitment(salt, by.encode()),
        }
        try:
            with self._database.begin() as connection:
                [index] = self._log.append(
                    connection, [LogEntry("csc-return-address-registered", now, {**facts})]
                )
                connection.execute(
                    insert(csc_return_addresses).values(
                        client=client,
                        address=address,
                        registered_by=by,
                        registered_at=now,
                        salt=salt,
                        log_index=index,
                    )
                )
        except IntegrityError:
            # It is there: the transaction was given up with its log entry.
            return

    def remove(self, client: str, address: str, *, by: str) -> None:
        """Take an address away; one that is not there is gone already."""
        with self._database.begin() as connection:
            gone = connection.execute(
                delete(csc_return_addresses)
                .where(
                    csc_return_addresses.c.client == client,
                    csc_return_addresses.c.address == address,
                )
                .returning(csc_return_addresses.c.salt)
            ).scalar_one_or_none()
            if gone is not None:
                facts = {
                    "client": client,
                    "address": commitment(gone, address.encode()),
                    "officer": commitment(gone, by.encode()),
                }
                entry = LogEntry("csc-return-address-removed", self._clock.now(), {**facts})
                self._log.append(connection, [entry])


def _check(address: str) -> None:
    try:
        parts = urlsplit(address)
        plain = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
        fits = bool(parts.hostname) and (parts.scheme == "https" or plain)
    except ValueError:
        fits, parts = False, urlsplit("")
    # RFC 6749, Section 3.1.2: absolute, without a fragment; RFC 8252, Section 7.3: or this machine.
    if (
        not fits
        or "#" in address
        or not _HOST.fullmatch(parts.netloc)
        or len(address) > LONGEST
        or not address.isascii()
        or not address.isprintable()
        or " " in address
    ):
        raise ReturnAddressUnsuitable(
            "Register an https URL without user and fragment, or one of this machine for a program "
            "that runs there.",
            kept="Nothing was registered.",
        )
