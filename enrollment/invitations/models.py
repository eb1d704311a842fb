"""The tables of invitations. Of links and digits they keep what opens nothing.

A person has one open invitation of an institution: a newer one replaces it, by constraint.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

# How often the digits of one slip may be typed wrongly.
MOST_WRONG_TRIES = 5

invitations = Table(
    "invitations",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("institution", String(64), ForeignKey("institutions.id"), nullable=False),
    Column("person", String(32), ForeignKey("people.id"), nullable=False),
    Column("kind", String(8), nullable=False),  # mail | slip
    Column("state", String(16), nullable=False),
    Column("made_by", String(64), ForeignKey("principals.id"), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("token_sha256", LargeBinary(32), nullable=False),
    Column("slip_number", String(6)),
    Column("code_mac", LargeBinary(32)),  # of the eight digits, under a key in the token
    Column("wrong_tries", Integer, nullable=False),
    Column("document", String(16)),  # what the officer saw before the slip was printed
    Column("ended_at", UtcDateTime),
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the invitation-made entry
    UniqueConstraint("token_sha256"),
    CheckConstraint("kind IN ('mail', 'slip')", name="kind"),
    CheckConstraint(
        "state IN ('open', 'spent', 'withdrawn', 'replaced', 'expired', 'void')", name="state"
    ),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
    CheckConstraint(
        "(kind = 'slip') = (slip_number IS NOT NULL) AND (kind = 'slip') = (code_mac IS NOT NULL) "
        "AND (kind = 'slip') = (document IS NOT NULL)",
        name="slip",
    ),
    CheckConstraint(f"wrong_tries BETWEEN 0 AND {MOST_WRONG_TRIES}", name="wrong_tries"),
    CheckConstraint(
        f"wrong_tries < {MOST_WRONG_TRIES} OR state <> 'open'", name="void_after_wrong_tries"
    ),
)
Index(
    "ix_invitations_open",
    invitations.c.institution,
    invitations.c.person,
    unique=True,
    sqlite_where=invitations.c.state == "open",
    postgresql_where=invitations.c.state == "open",
)
Index(
    "ix_invitations_open_slip",
    invitations.c.slip_number,
    unique=True,
    sqlite_where=invitations.c.state == "open",
    postgresql_where=invitations.c.state == "open",
)
Index("ix_invitations_person", invitations.c.person, invitations.c.id)
Index("ix_invitations_institution", invitations.c.institution, invitations.c.id)

# Wrong digits typed anywhere, by the hour: all processes of all machines count together.
wrong_digits = Table(
    "wrong_digits",
    metadata,
    Column("hour", UtcDateTime, primary_key=True),
    Column("count", Integer, nullable=False),
)

# Everybody of an institution who has no account is invited, in batches.
inviting_runs = Table(
    "inviting_runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("institution", String(64), ForeignKey("institutions.id"), nullable=False),
    Column("requested_by", String(64), ForeignKey("principals.id"), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("cursor", String(32), nullable=False),  # the employment that was looked at last
    Column("invited", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("finished_at", UtcDateTime),
)
Index(
    "ix_inviting_runs_open",
    inviting_runs.c.institution,
    unique=True,
    sqlite_where=inviting_runs.c.finished_at.is_(None),
    postgresql_where=inviting_runs.c.finished_at.is_(None),
)
