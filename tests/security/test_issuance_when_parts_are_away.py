"""What is handed out, and what is used up, while a part of the service is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from ca.issuance import IssuedCertificate
from ca.models import certificates
from camtrust.wiring import Services
from core.transparency.errors import LogUnavailable
from hsm.errors import TokenUnavailable

Ask = Callable[..., Any]


def count_of_serial_numbers(services: Services) -> int:
    with services.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(certificates)) or 0


def test_a_token_that_is_away_uses_up_no_serial_numbers(
    initialised_sqlite: Services, ask: Ask
) -> None:
    # The scheduler tries every approved application again every ten seconds: each try that
    # reserved would be a revoked serial number, three log entries and a line in a CRL.
    services = initialised_sqlite
    tokens, aside = services.home / "tokens", services.home / "tokens-aside"
    before = count_of_serial_numbers(services), services.log.sizes()["stored"]
    tokens.rename(aside)
    try:
        for _try in range(3):
            with pytest.raises(TokenUnavailable):
                services.issuance.issue(ask("sensor-1", reference="application:1"))
    finally:
        aside.rename(tokens)
    assert (count_of_serial_numbers(services), services.log.sizes()["stored"]) == before


def test_one_authority_whose_token_is_away_holds_up_no_other(
    initialised_sqlite: Services, ask: Ask
) -> None:
    services = initialised_sqlite
    # The root's key is not for devices; what is refused here is refused alone.
    outcomes = services.issuance.issue_many([ask("sensor-1"), ask("sensor-2", authority="root-1")])
    assert isinstance(outcomes[0], IssuedCertificate)
    assert isinstance(outcomes[1], Exception)


def test_a_certificate_found_by_its_reference_is_published_before_it_is_handed_out(
    initialised_sqlite: Services, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = initialised_sqlite
    request = ask("sensor-1", reference="application:1")

    def away(_index: int) -> None:
        raise LogUnavailable("The log's folder is away.")

    with monkeypatch.context() as patched:
        patched.setattr(services.log, "ensure_published", away)
        with pytest.raises(LogUnavailable):
            services.issuance.issue(request)
        # Stored, and still nobody gets it.
        with pytest.raises(LogUnavailable):
            services.issuance.issue(request)
    issued = services.issuance.issue(request)
    checkpoint = services.log.published.checkpoint()
    assert checkpoint is not None
    assert checkpoint.size > issued.log_index
    assert services.log.proof(issued.log_index)
