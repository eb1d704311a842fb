"""The database: SQLite in WAL mode by default, PostgreSQL for real.

One public method of a domain class is one transaction: ``with database.begin() as connection``.
Every package declares its tables on :data:`metadata` in its ``models.py``.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import Unavailable
from core.sqlite_file import FollowedFile

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# How long a writer waits for another before the database counts as away.
BUSY_TIMEOUT_SECONDS = 30

# SQLite copies its write-ahead log into the file after so many pages: 16 MiB instead of its own
# 4, so that a page of an index that many certificates touch is copied once for all of them.
WAL_PAGES = 4_000

# What a connection may keep of the database in memory, if it reads so much. SQLite's own 2 MiB
# do not hold the indexes' inner pages of a million certificates.
CACHE_KIBIBYTES = 32 * 1024


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or did not answer in time."""

    problem = "database-unavailable"
    title = "The database is away"


class Database:
    """Hands out connections; a connection's transaction ends with its ``with`` block.

    A forked child opens connections of its own.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise ValueError("not a database URL") from error
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": pool_size,
            # Parameters hold personal data; an exception's text may end in a log.
            "hide_parameters": True,
        }
        if not self.is_sqlite:
            options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5}}
        elif parsed.database:
            file = FollowedFile(Path(parsed.database).absolute(), timeout=BUSY_TIMEOUT_SECONDS)
            options["creator"] = file.connect
        self.engine: Engine = create_engine(url, **options)
        if self.is_sqlite:
            _make_sqlite_durable(self.engine)
            if parsed.database:
                event.listen(self.engine, "checkout", file.check)
        _forget_connections_after_fork(self.engine)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a writing transaction: committed at the end, rolled back on any exception.

        Raises DatabaseUnavailable when the database is away or stays locked.
        """
        with self._transaction(writing=True) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads: one consistent view of the data."""
        with self._transaction(writing=False) as connection:
            yield connection

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """Open a writing transaction in which tables may be replaced by others of their name.

        SQLite changes most things of a table by putting another in its place, and refuses that
        while it enforces references to it: here it checks all of them at the end instead
        (sqlite.org, "Making Other Kinds Of Table Schema Changes", steps 1, 10 and 12). Raises
        RuntimeError for a reference to nothing; then nothing was changed.
        """
        if not self.is_sqlite:
            with self.begin() as connection:
                yield connection
            return
        with self._transaction(writing=True, enforcing=False) as connection:
            yield connection
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                raise RuntimeError(f"{len(broken)} rows refer to rows that are not there")

    def is_reachable(self) -> bool:
        """Tell whether a trivial query is answered."""
        try:
            with self.read() as connection:
                connection.execute(text("SELECT 1"))
        except DatabaseUnavailable:
            return False
        return True

    def close(self) -> None:
        """Give all pooled connections back."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool, enforcing: bool = True) -> Iterator[Connection]:
        try:
            with (
                self.engine.connect() as connection,
                nullcontext() if enforcing else _references_unenforced(connection),
                connection.begin(),
            ):
                if self.is_sqlite:
                    _begin_sqlite(connection, writing=writing)
                yield connection
        except PoolTimeout as error:
            raise DatabaseUnavailable("No database connection became free in time.") from error
        except sqlite3.OperationalError as error:  # of BEGIN
            raise DatabaseUnavailable("The database cannot be reached.") from error
        except DBAPIError as error:
            if _means_unavailable(error):
                raise DatabaseUnavailable("The database cannot be reached.") from error
            raise


@contextmanager
def _references_unenforced(connection: Connection) -> Iterator[None]:
    # Within a transaction the pragma would do nothing: it is given to the driver before.
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _forget_connections_after_fork(engine: Engine) -> None:
    # A connection belongs to the process that opened it: the child leaves the parent's alone
    # (without closing them, which the server would hear) and opens its own.
    reference = weakref.ref(engine)

    def forget() -> None:
        present = reference()
        if present is not None:
            present.dispose(close=False)

    os.register_at_fork(after_in_child=forget)


def _means_unavailable(error: DBAPIError) -> bool:
    # What both drivers raise for a lost server, a deadlock, a locked or a full database; a
    # constraint that fails is an IntegrityError and passes through.
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _make_sqlite_durable(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        # Hand transaction control to us: the driver would begin too late and DEFERRED.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL, not NORMAL: WAL with NORMAL may lose commits when the power fails.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        cursor.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")
        cursor.close()


def _begin_sqlite(connection: Connection, *, writing: bool) -> None:
    # IMMEDIATE: a writer takes its lock at once, so it never fails half-way for another's. Said to
    # the driver itself: a listener on the engine, or on its dialect, would make SQLAlchemy look for
    # listeners at every statement, which costs a fifth of a short transaction.
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
