"""The accounts that signed lately, so that most requests are verified before the database is asked.

What is remembered may be past: whoever acts upon it reads the account again, in the transaction
of the act, and compares.
"""

from __future__ import annotations

from core.database import Database
from enrollment.acme.account import Account, find_account

# Some 2 kB each.
MOST = 2_000


class AccountMemory:
    """Remembers accounts, in each process for itself. Safe in many threads."""

    def __init__(self, *, database: Database) -> None:
        self._database = database
        # Single dict operations are atomic, so no lock is needed.
        self._known: dict[str, Account] = {}

    def account(self, account_id: str) -> Account:
        """Return an account as it was lately. Raises AccountUnknown."""
        return self._known.get(account_id) or self.read(account_id)

    def read(self, account_id: str) -> Account:
        """Return an account as it is, and remember it so. Raises AccountUnknown."""
        with self._database.read() as connection:
            account = find_account(connection, account_id)
        self.keep(account)
        return account

    def keep(self, account: Account) -> None:
        """Remember an account as it was just read."""
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[account.id] = account
