"""Registered documents upon the registration authority's world: real tables, log and pages."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.database import Database
from signing.documents.dates.new_year import CAMBODIA
from signing.documents.stamps.content import Words
from signing.documents.verification.document import DocumentDetails, RegisteredSignature
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.registry import Registry
from signing.documents.verification.summary import Summary
from tests.enrollment.world import World

FILE = b"%PDF-1.7 a file that was stamped"
SIGNED = FILE + b" and the signature that was appended"
SIGNED_AGAIN = SIGNED + b" and one more"
SIGNED_AT = datetime(2026, 12, 1, 11, 16, tzinfo=CAMBODIA)
ID = DocumentId(bytes(range(16)))


def digest(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


DETAILS = DocumentDetails(
    institution="moh",
    number="១២៣ សជណ",
    title="A decision about vaccines",
    subject="Purchase of 1,000 doses",
)
SIGNATURE = RegisteredSignature(
    signer=Words("សុខ ដារ៉ា", "SOK Dara"),
    title=Words("អគ្គនាយក", "Director General"),
    on_behalf_of=Words("រដ្ឋមន្ត្រី", "the Minister"),
    signed_at=SIGNED_AT,
    sha256=digest(SIGNED),
    length=len(SIGNED),
)
SECOND = dataclasses.replace(
    SIGNATURE,
    signer=Words("ចាន់ ធូ", "CHAN Thou"),
    sha256=digest(SIGNED_AGAIN),
    length=len(SIGNED_AGAIN),
)
SUMMARY = Summary(
    number="១២៣ សជណ/MOH",
    signed_at=SIGNED_AT,
    signer="សុខ ដារ៉ា",
    institution="ក្រសួងសុខាភិបាល",
    fields=(("ចំនួន", "1 000"), ("Amount", "12,500,000 ៛")),
    length=len(FILE),
    sha256=digest(FILE),
)


@pytest.fixture
def world(sqlite: Database, tmp_path: Path, clock: Any) -> World:
    made = World(sqlite, tmp_path, clock)
    made.found()
    made.verification.keys.make()
    return made


@pytest.fixture
def on_both(database: Database, tmp_path: Path, clock: Any) -> World:
    """The same on each of both databases."""
    return World(database, tmp_path, clock)


@pytest.fixture
def registry(world: World) -> Registry:
    return world.verification.registry
