"""The tables of human-resources lists. The rule of the second officer stands here.

A list that drops over two of a hundred of the people listed before is applied only with an
approver, and that is another person than the one who uploaded it, in whatever role.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.columns import BigIdentity, UtcDateTime
from core.database import metadata

staff_lists = Table(
    "staff_lists",
    metadata,
    Column("id", String(32), primary_key=True),  # a UUID of version 7: sorts by time
    Column("institution", String(64), ForeignKey("institutions.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("file_name", String(128), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    # Who uploaded it; NULL for whoever sat at the machine.
    Column("uploaded_by", String(64)),
    Column("uploaded_by_person", String(64)),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("problem", String(64)),  # for which it could not be read
    Column("problem_detail", Text),
    Column("ignored_columns", JSON, nullable=False),
    # How far reading and applying came, each moved in the transaction that came so far.
    Column("rows_read", Integer, nullable=False),
    Column("rows_applied", Integer, nullable=False),
    # Raised with each change of what is accepted: nobody applies what they did not look at.
    Column("revision", Integer, nullable=False),
    # Of its rows, by outcome, and how many have a proposal without a yes: they outlive the rows.
    Column("counts", JSON, nullable=False),
    Column("unaccepted", Integer, nullable=False),
    Column("listed", Integer, nullable=False),  # how many people the institution listed before
    Column("gone", Integer, nullable=False),  # how many of them this list drops
    Column("approved_by", String(64)),
    Column("approved_by_person", String(64)),
    Column("applied_by", String(64), ForeignKey("principals.id")),
    Column("applied_at", UtcDateTime),  # when applying began
    Column("finished_at", UtcDateTime),
    Column("forgotten_at", UtcDateTime),  # when its rows were deleted
    Column("salt", LargeBinary(32), nullable=False),
    Column("log_index", BigIdentity, nullable=False),  # of the staff-list-uploaded entry
    ForeignKeyConstraint(
        ["uploaded_by", "uploaded_by_person"], ["principals.id", "principals.person"]
    ),
    ForeignKeyConstraint(
        ["approved_by", "approved_by_person"], ["principals.id", "principals.person"]
    ),
    CheckConstraint(
        "state IN ('reading', 'ready', 'unreadable', 'applying', 'applied', 'withdrawn')",
        name="state",
    ),
    CheckConstraint("(state = 'unreadable') = (problem IS NOT NULL)", name="unreadable"),
    CheckConstraint("approved_by <> uploaded_by", name="two_officers"),
    CheckConstraint("approved_by_person <> uploaded_by_person", name="two_people"),
    # Both or none, so that the foreign keys above are looked at.
    CheckConstraint(
        "(uploaded_by IS NULL) = (uploaded_by_person IS NULL)", name="uploader_is_somebody"
    ),
    CheckConstraint(
        "(approved_by IS NULL) = (approved_by_person IS NULL)", name="approver_is_somebody"
    ),
    CheckConstraint(
        "state NOT IN ('applying', 'applied') OR gone * 50 <= listed OR approved_by IS NOT NULL",
        name="second_officer",
    ),
)
Index("ix_staff_lists_institution", staff_lists.c.institution, staff_lists.c.id)
Index("ix_staff_lists_state", staff_lists.c.state, staff_lists.c.id)

# The file itself, until it was read.
staff_list_files = Table(
    "staff_list_files",
    metadata,
    Column("list_id", String(32), ForeignKey("staff_lists.id"), primary_key=True),
    Column("octets", LargeBinary, nullable=False),
)

staff_list_rows = Table(
    "staff_list_rows",
    metadata,
    Column("list_id", String(32), ForeignKey("staff_lists.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # as spreadsheets count
    Column("outcome", String(16), nullable=False),
    Column("proposed", Boolean, nullable=False),  # it takes a yes to be applied
    Column("accepted", Boolean, nullable=False),
    Column("cells", JSON, nullable=False),
    # Not "values": SQLAlchemy's insert has a method of this name.
    Column("read_values", JSON, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("person", String(32)),  # whom it speaks of, where they are known
    CheckConstraint(
        "outcome IN ('new', 'returned', 'changed', 'unchanged', 'rejected')", name="outcome"
    ),
)
Index(
    "ix_staff_list_rows_outcome",
    staff_list_rows.c.list_id,
    staff_list_rows.c.outcome,
    staff_list_rows.c.number,
)
Index("ix_staff_list_rows_person", staff_list_rows.c.list_id, staff_list_rows.c.person)

# Whom a list drops.
staff_list_leavers = Table(
    "staff_list_leavers",
    metadata,
    Column("list_id", String(32), ForeignKey("staff_lists.id"), primary_key=True),
    Column("employment", String(32), ForeignKey("employments.id"), primary_key=True),
)

# Who left, and what became of their certificates. Coming back before they are held ends it.
departures = Table(
    "departures",
    metadata,
    Column("id", BigIdentity, primary_key=True, autoincrement=True),
    Column("employment", String(32), ForeignKey("employments.id"), nullable=False),
    Column("list_id", String(32), ForeignKey("staff_lists.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("left_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("held", Integer, nullable=False),  # how many certificates
    UniqueConstraint("employment", "list_id"),
    CheckConstraint("state IN ('waiting', 'returned', 'holding', 'held')", name="state"),
    CheckConstraint("(state IN ('waiting', 'holding')) = (closed_at IS NULL)", name="closed"),
)
Index("ix_departures_due", departures.c.state, departures.c.due_at)
Index("ix_departures_employment", departures.c.employment, departures.c.state)
