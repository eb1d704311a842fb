"""Fill a home with applications that came, were decided and got their certificates before.

The certificates and their log entries are those of :mod:`bench.issuance.stored`; each gets the
application upon which it was issued, and a few more wait for officers. Tables of ``enrollment`` are
written directly: submitting a million would measure the signatures under their requests.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from bench.issuance import stored
from bench.issuance.requests import PROFILE, decided_requests
from ca.models import certificates
from ca.plan import CertificateRequest
from camtrust.wiring import Services
from core.idempotency import new_act_id
from enrollment.models import applications

# What officers have before them on a day, however many were decided before.
WAITING = 40
FACTS = {"surname": "Sok", "given_name": "Dara", "identifier": "IDCKH-012345678"}
CSR_OCTETS = 400


def fill(services: Services, count: int, *, applicant: str) -> None:
    """Store ``count`` applications with their certificates, and those that wait."""
    stored.fill(services, count)
    for part in _certificates(services):
        rows = [_issued(row, applicant) for row in part]
        with services.database.begin() as connection:
            connection.execute(insert(applications), rows)
    waiting = decided_requests(WAITING, authority=None)
    with services.database.begin() as connection:
        rows = [_waiting(services, one, applicant) for one in waiting]
        connection.execute(insert(applications), rows)


def _certificates(services: Services) -> Iterator[Sequence[Any]]:
    columns = certificates.c
    seen = 0
    while True:
        query = (
            select(
                columns.id,
                columns.authority,
                columns.serial_number,
                columns.holder,
                columns.public_key_sha256,
                columns.issued_at,
                columns.log_index,
            )
            .where(columns.id > seen, columns.profile == PROFILE, columns.state == "issued")
            .order_by(columns.id)
            .limit(stored.CHUNK)
        )
        with services.database.read() as connection:
            part = connection.execute(query).all()
        if not part:
            return
        seen = part[-1].id
        yield part


def _issued(row: Any, applicant: str) -> dict[str, Any]:
    submitted_at = row.issued_at - timedelta(hours=1)
    return {
        **_submitted(applicant, row.holder, row.public_key_sha256),
        # Nobody looks at the request again.
        "csr_der": secrets.token_bytes(CSR_OCTETS),
        "facts": FACTS,
        "id": new_act_id(submitted_at),
        "state": "issued",
        "approvals": 2,
        "submitted_at": submitted_at,
        "decided_at": row.issued_at,
        "log_index": row.log_index,
        "authority": row.authority,
        "serial_number": row.serial_number,
    }


def _waiting(services: Services, decided: CertificateRequest, applicant: str) -> dict[str, Any]:
    now = services.clock.now()
    return {
        **_submitted(applicant, decided.holder, decided.csr.public_key_sha256),
        "csr_der": decided.csr.csr_der,
        "facts": dict(decided.facts),
        "id": new_act_id(now),
        "state": "submitted",
        "approvals": 0,
        "submitted_at": now,
        "log_index": 0,
    }


def _submitted(applicant: str, holder: str, public_key_sha256: bytes) -> dict[str, Any]:
    return {
        "applicant": applicant,
        "applicant_person": applicant,
        "profile": PROFILE,
        "holder": holder,
        "public_key_sha256": public_key_sha256,
        "approvals_needed": 2,
        "salt": secrets.token_bytes(32),
    }
