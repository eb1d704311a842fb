"""Give the holder the revocation code of a certificate that was issued."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from core.database import Database
from enrollment.application import Application
from enrollment.errors import NotIssuedYet


class CodeMaker(Protocol):
    """Makes revocation codes; :mod:`enrollment.revocation_codes` has them."""

    def make(self, connection: Connection, authority: str, serial_number: int) -> str:
        """Return a certificate's code, the first time alone."""

    def replace(self, connection: Connection, authority: str, serial_number: int) -> str:
        """Return a new code; the one before is void."""

    def is_made(self, authority: str, serial_number: int) -> bool:
        """Tell whether a certificate has a code."""


class Collecting:
    """Shows revocation codes, each once."""

    def __init__(self, *, database: Database, codes: CodeMaker) -> None:
        self._database = database
        self._codes = codes

    def has_code(self, application: Application) -> bool:
        """Tell whether the code was made, and so shown. Raises NotIssuedYet."""
        return self._codes.is_made(*_certificate(application))

    def revocation_code(self, application: Application, *, anew: bool) -> str:
        """Return the code, to be shown this once; ``anew`` makes the one before void.

        Raises NotIssuedYet, RevocationCodeGiven and Unavailable.
        """
        with self._database.begin() as connection:
            if anew:
                return self._codes.replace(connection, *_certificate(application))
            return self._codes.make(connection, *_certificate(application))


def _certificate(application: Application) -> tuple[str, int]:
    if application.authority is None or application.serial_number is None:
        raise NotIssuedYet(
            f"There is no certificate: the application is {application.state}.",
            state=str(application.state),
        )
    return application.authority, application.serial_number
