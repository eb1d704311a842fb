"""The tables of what people apply for together. Only ``enrollment`` reads or writes them.

A bundle is a draft until it is submitted; its certificates become applications, each under the
id that it had from the beginning, so that sending twice is one application. What a draft holds of
a person is who they are to this service and what they chose: their data stays in the list.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.columns import UtcDateTime
from core.database import metadata

bundles = Table(
    "bundles",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(64), ForeignKey("principals.id"), nullable=False),
    Column("institution", String(64), ForeignKey("institutions.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # application | renewal | re-key
    Column("state", String(16), nullable=False),  # draft | submitted
    Column("version", Integer, nullable=False),  # rises with each change of the draft
    Column("listed_sha256", LargeBinary(32)),  # of the data that the person confirmed
    Column("identity_outcome", String(16)),  # see identity_check.CheckOutcome
    Column("differing", JSON, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("evidence", Text),  # what the person says to a difference
    Column("document_number", String(40)),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("submitted_at", UtcDateTime),
    Column("decide_by", UtcDateTime),
    CheckConstraint("kind IN ('application', 'renewal', 're-key')", name="kind"),
    CheckConstraint("state IN ('draft', 'submitted')", name="state"),
    CheckConstraint(
        "identity_outcome IN ('matches', 'differs', 'not-found', 'not-checked')", name="outcome"
    ),
    # Nobody applies with data that they did not confirm, nor over a difference without a word.
    CheckConstraint(
        "state = 'draft' OR (listed_sha256 IS NOT NULL AND identity_outcome IS NOT NULL"
        " AND submitted_at IS NOT NULL)",
        name="submitted",
    ),
    CheckConstraint(
        "state = 'draft' OR identity_outcome IN ('matches', 'not-checked') OR evidence IS NOT NULL",
        name="evidence",
    ),
)
Index(
    "uq_bundles_one_draft",
    bundles.c.person,
    unique=True,
    sqlite_where=text("state = 'draft'"),
    postgresql_where=text("state = 'draft'"),
)
Index("ix_bundles_person", bundles.c.person, bundles.c.id)

bundle_certificates = Table(
    "bundle_certificates",
    metadata,
    Column("bundle", String(32), ForeignKey("bundles.id", ondelete="CASCADE"), primary_key=True),
    Column("profile", String(64), primary_key=True),
    Column("application", String(32), nullable=False, unique=True),  # the id that it will have
    Column("home", String(16)),  # see key_creation.policy.KeyHome
    Column("csr_der", LargeBinary),
    Column("public_key_sha256", LargeBinary(32)),
    Column("replaces", String(32)),  # the application whose certificate it renews
    UniqueConstraint("bundle", "public_key_sha256"),
    CheckConstraint("home IN ('own-request', 'file', 'browser', 'state-hsm')", name="home"),
    CheckConstraint(
        "(home IS NULL) = (csr_der IS NULL) AND (home IS NULL) = (public_key_sha256 IS NULL)",
        name="key",
    ),
)
