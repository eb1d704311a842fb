"""Erase copies that are kept no longer."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from ca.register import CertificateRegister
from core.clock import Clock
from core.database import Database
from enrollment.escrow.escrow import Escrow
from enrollment.escrow.escrowed_key import PROFILE, Erasure, find_escrowed_key
from enrollment.escrow.models import escrowed_keys
from enrollment.escrow.settings import EscrowSettings

PAGE_SIZE = 500


class EscrowRetention:
    """Erases copies without a certificate after months, and others years after its end."""

    def __init__(
        self,
        *,
        database: Database,
        escrow: Escrow,
        register: CertificateRegister,
        settings: EscrowSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._escrow = escrow
        self._register = register
        self._settings = settings
        self._clock = clock

    def erase_old(self) -> int:
        """Erase what is kept no longer; return how many copies that were."""
        erased = 0
        for key_id, because in self._due():
            with self._database.begin() as connection:
                key = find_escrowed_key(connection, key_id, locked=True)
                self._escrow.erase(connection, key, because)
                erased += 1
        return erased

    def _due(self) -> Iterator[tuple[str, Erasure]]:
        after = ""
        while page := self._page(after):
            for key_id, public_key_sha256 in page:
                because = self._why(public_key_sha256)
                if because is not None:
                    yield key_id, because
            after = page[-1][0]

    def _page(self, after: str) -> list[tuple[str, bytes]]:
        query = (
            select(escrowed_keys.c.id, escrowed_keys.c.public_key_sha256)
            .where(
                escrowed_keys.c.id > after,
                escrowed_keys.c.erased_at.is_(None),
                escrowed_keys.c.deposited_at <= self._clock.now() - self._settings.keep_unused,
            )
            .order_by(escrowed_keys.c.id)
            .limit(PAGE_SIZE)
        )
        with self._database.read() as connection:
            return [(row.id, row.public_key_sha256) for row in connection.execute(query)]

    def _why(self, public_key_sha256: bytes) -> Erasure | None:
        ends = [
            one.not_after
            for one in self._register.of_key(public_key_sha256)
            if one.profile == PROFILE
        ]
        if not ends:
            return Erasure.UNUSED
        over = max(ends) + self._settings.keep_after_expiry <= self._clock.now()
        return Erasure.EXPIRED if over else None
