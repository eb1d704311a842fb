"""One hierarchy and its documents for all tests of validation; keys are made once."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import pytest

from signing.documents.validation.report import ValidationReport
from signing.documents.validation.trust import Anchor, Trust
from signing.documents.validation.validator import DocumentValidator, Question
from tests.signing.documents.validation.authorities import NOW, Hierarchy
from tests.signing.documents.validation.documents import Signed

Validate = Callable[..., ValidationReport]


class StandingClock:
    """It is NOW."""

    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="session")
def hierarchy() -> Hierarchy:
    return Hierarchy()


@pytest.fixture(scope="session")
def signed(hierarchy: Hierarchy) -> Signed:
    return Signed(hierarchy)


@pytest.fixture(scope="session")
def trust(hierarchy: Hierarchy) -> Trust:
    return Trust(
        anchors=(Anchor(hierarchy.root.asn1, "root.pem"),),
        crls=(
            hierarchy.crl(hierarchy.root, days=90),
            hierarchy.crl(hierarchy.issuing, days=1),
        ),
    )


@pytest.fixture(scope="session")
def validate(trust: Trust) -> Validate:
    def ask(pdf: bytes, *, at: datetime | None = None, **more: object) -> ValidationReport:
        given = more.pop("trust", trust)
        validator = DocumentValidator(trust=given, clock=StandingClock(), **more)  # type: ignore[arg-type]
        return validator.validate(Question(io.BytesIO(pdf), "document.pdf", at=at))

    return ask


@pytest.fixture(scope="session")
def b_lta(signed: Signed) -> bytes:
    return signed.sign(level="B-LTA")


@pytest.fixture(scope="session")
def b_b(signed: Signed) -> bytes:
    return signed.sign(level="B-B")
