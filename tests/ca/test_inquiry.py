"""Inquiries about certificates: each filter, the order, and a price that does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert

from ca.inquiry import WINDOW, Answer, CertificateInquiries, Inquiry, Place
from ca.models import authorities, certificates, revocations
from core.database import Database

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NUMBERS = range(1, 41)


def row(number: int, **changes: Any) -> dict[str, Any]:
    """A certificate each hour, for four holders of two institutions, valid for ``number`` days."""
    at = BEGIN + timedelta(hours=number)
    return {
        "authority": "people-1",
        "serial_number": number,
        "state": "issued",
        "profile": "person-signing" if number % 2 else "person-authentication",
        "profile_version": 1,
        "holder": f"person:{number % 4}",
        "institution": ["moh", "mef", None][number % 3],
        "public_key_sha256": number.to_bytes(32, "big"),
        "tbs_sha256": bytes(32),
        "not_before": at,
        "not_after": at + timedelta(days=number),
        "crl_shard": 0,
        "reserved_at": at,
        "issued_at": at,
        "certificate_der": b"der",
        "log_index": number,
        **changes,
    }


def store(database: Database, rows: list[dict[str, Any]]) -> None:
    with database.begin() as connection:
        connection.execute(
            insert(authorities).values(
                name="people-1", role="people", subject_der=b"", key_id=bytes(32), state="active",
                crl_shards=1, created_at=BEGIN,
            )
        )  # fmt: skip
        connection.execute(insert(certificates), rows)


def stop(database: Database, serial_number: int, state: str) -> None:
    with database.begin() as connection:
        connection.execute(
            insert(revocations).values(
                authority="people-1", serial_number=serial_number, state=state,
                reason="superseded", revoked_at=BEGIN, changed_at=BEGIN, crl_shard=0,
                not_after=BEGIN, stays_after_expiry=False,
            )
        )  # fmt: skip


@pytest.fixture
def inquiries(database: Database, clock: Any) -> CertificateInquiries:
    store(database, [row(number) for number in NUMBERS])
    for number, state in ((3, "revoked"), (4, "on-hold"), (7, "released")):
        stop(database, number, state)
    clock.instant = BEGIN + timedelta(days=10, hours=12)
    return CertificateInquiries(database=database, clock=clock)


def walked(inquiries: CertificateInquiries, inquiry: Inquiry, limit: int = 7) -> Iterator[int]:
    after: Place | None = None
    for _ in range(200):
        answer: Answer = inquiries.page(inquiry, limit=limit, after=after)
        yield from (one.serial_number for one in answer.certificates)
        after = answer.following
        if after is None:
            return
    raise AssertionError("the list does not end")


def at(hours: int) -> datetime:
    return BEGIN + timedelta(hours=hours)


FILTERS: dict[str, tuple[Inquiry, Any]] = {
    "nothing": (Inquiry(), lambda n: True),
    "a profile": (Inquiry(profile="person-signing"), lambda n: n % 2 == 1),
    "a holder": (Inquiry(holder="person:3"), lambda n: n % 4 == 3),
    "an institution": (Inquiry(institution="moh"), lambda n: n % 3 == 0),
    "both": (Inquiry(institution="moh", profile="person-signing"), lambda n: n % 6 == 3),
    "revoked": (Inquiry(standing="revoked"), lambda n: n == 3),
    "on hold": (Inquiry(standing="on-hold"), lambda n: n == 4),
    "good": (Inquiry(standing="good"), lambda n: n > 10),
    "expired": (Inquiry(standing="expired"), lambda n: n <= 10 and n != 3),
    "issued": (Inquiry(issued_from=at(5), issued_until=at(9)), lambda n: 5 <= n < 9),
    "issued to the institution": (
        Inquiry(institution="mef", issued_from=at(5), issued_until=at(9)),
        lambda n: 5 <= n < 9 and n % 3 == 1,
    ),
    "expires": (
        Inquiry(expires_from=at(20 + 20 * 24), expires_until=at(25 + 25 * 24)),
        lambda n: 20 <= n < 25,
    ),
    "the institution's expire": (
        Inquiry(institution="mef", expires_until=at(25 + 25 * 24)),
        lambda n: n < 25 and n % 3 == 1,
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_lists_what_it_means_once_and_in_order(
    inquiries: CertificateInquiries, name: str
) -> None:
    inquiry, meant = FILTERS[name]
    expected = [number for number in reversed(NUMBERS) if meant(number)]
    assert list(walked(inquiries, inquiry)) == expected
    assert [one.serial_number for one in inquiries.all(inquiry)] == expected


def test_what_is_not_issued_is_not_found(database: Database, clock: Any) -> None:
    store(database, [row(1, state="reserved", certificate_der=None), row(2)])
    inquiries = CertificateInquiries(database=database, clock=clock)
    assert list(walked(inquiries, Inquiry())) == [2]


def test_a_page_looks_through_one_window_and_says_where_to_go_on(
    database: Database, clock: Any
) -> None:
    many = 2 * WINDOW + 10
    store(database, [row(number, profile="device") for number in range(1, many)])
    stop(database, 1, "revoked")
    inquiries = CertificateInquiries(database=database, clock=clock)
    first = inquiries.page(Inquiry(standing="revoked"), limit=10)
    assert (first.certificates, first.following) == (
        [],
        Place(many - WINDOW, at_end(many - WINDOW)),
    )
    assert list(walked(inquiries, Inquiry(standing="revoked"))) == [1]


def at_end(number: int) -> datetime:
    return BEGIN + timedelta(hours=number, days=number)


def test_every_list_is_read_through_an_index(sqlite: Database, clock: Any) -> None:
    store(sqlite, [row(number) for number in NUMBERS])
    inquiries = CertificateInquiries(database=sqlite, clock=clock)
    plans: list[str] = []

    @event.listens_for(sqlite.engine, "before_cursor_execute")
    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(str(one[3]) for one in cursor.fetchall())

    for inquiry, _meant in FILTERS.values():
        inquiries.page(inquiry, limit=5, after=Place(30, at_end(30)))
    assert plans
    assert [one for one in plans if one.startswith("SCAN") and "USING" not in one] == []
    assert [one for one in plans if "TEMP B-TREE" in one] == []
