"""The database, Redis or the token goes away under load: stored answers go on, and it heals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import redis
from sqlalchemy import make_url

from ca.issuance import Issuance
from ca.plan import CertificateRequest
from ca.revocation.reasons import RevocationReason
from camtrust.wiring import RESPONDER_PROFILE, Services
from hsm.errors import TokenUnavailable
from ocsp.renewal import ResponderRenewal
from tests.conftest import lacks
from tests.end_to_end.status.conftest import Served, write_settings
from tests.end_to_end.status.gate import Gate

Serve = Callable[[Services], AbstractContextManager[Served]]
# A round of the follower takes a second, on a machine that does nothing else.
SEEN_WITHIN_SECONDS = 15.0
HEALS_WITHIN_SECONDS = 60.0
# Long enough for the service to start and be asked, even where two tests share the processors.
SHORT_LIFE = timedelta(seconds=40)
# Nobody waits longer than that for an answer that was signed before: a pause of the machine.
LONGEST_SILENCE_SECONDS = 4.0

LENGTHS = pytest.mark.parametrize(
    "seconds",
    [pytest.param(5.0, id="5 s"), pytest.param(30.0, id="30 s", marks=pytest.mark.long)],
)


@pytest.fixture
def redis_gate() -> Iterator[tuple[Gate, str]]:
    """A gate before Redis, and a prefix of keys that is ours; they are removed afterwards."""
    prefix = f"camtrust-test-{uuid4().hex[:12]}"
    server = redis.Redis(host="127.0.0.1", port=6379)
    try:
        server.ping()
    except redis.ConnectionError:
        lacks("no Redis answers at 127.0.0.1:6379")
    gate = Gate(("127.0.0.1", 6379))
    yield gate, prefix
    gate.close()
    for key in server.scan_iter(f"{prefix}:*"):
        server.delete(key)
    server.close()


def test_a_revocation_is_seen_under_load(initialised: Services, serve: Serve) -> None:
    with serve(initialised) as served:
        served.load.wait_for("device-0", "good", seconds=10)
        revoke(served, "device-0", seen_within=SEEN_WITHIN_SECONDS)
        served.load.wait_for("device-0", "revoked", seconds=SEEN_WITHIN_SECONDS)
        time.sleep(SEEN_WITHIN_SECONDS / 3)
    check(served, revoked={"device-0"})


@LENGTHS
def test_stored_answers_go_on_while_the_database_is_away(
    initialised_postgresql: Services, serve: Serve, seconds: float
) -> None:
    url = make_url(initialised_postgresql.settings.database_url)
    gate = Gate(("127.0.0.1", url.port or 5432))
    through = url.set(host="127.0.0.1", port=gate.port).render_as_string(hide_password=False)
    with reopened(initialised_postgresql, database={"url": through}) as services:
        with serve(services) as served:
            before = served.load.count()
            with gate.shut():
                time.sleep(seconds)
            during = served.load.count()
            revoke(served, "device-0", seen_within=HEALS_WITHIN_SECONDS)
            served.load.wait_for("device-0", "revoked", seconds=HEALS_WITHIN_SECONDS)
            # What needs the database is answered again.
            served.load.wait_for("never issued", "unauthorized", seconds=HEALS_WITHIN_SECONDS)
        # Those who asked about nothing that is stored were told to come back.
        assert during["never issued", "try_later"] > before.get(("never issued", "try_later"), 0)
        check(served, revoked={"device-0"})
    gate.close()


@LENGTHS
def test_answers_go_on_while_redis_is_away(
    initialised_sqlite: Services,
    serve: Serve,
    redis_gate: tuple[Gate, str],
    seconds: float,
) -> None:
    gate, prefix = redis_gate
    in_redis: dict[str, object] = {
        "store": "redis",
        "redis_url": f"redis://127.0.0.1:{gate.port}/0",
        "redis_prefix": prefix,
    }
    with reopened(initialised_sqlite, **{"ocsp.answers": in_redis}) as services:
        with serve(services) as served:
            served.load.wait_for("device-1", "good", seconds=10)
            with gate.shut():
                time.sleep(seconds)
            revoke(served, "device-0", seen_within=HEALS_WITHIN_SECONDS)
            served.load.wait_for("device-0", "revoked", seconds=HEALS_WITHIN_SECONDS)
        check(served, revoked={"device-0"})


@LENGTHS
def test_stored_answers_go_on_while_the_token_is_away_and_no_revocation_is_hidden(
    initialised_sqlite: Services, serve: Serve, seconds: float
) -> None:
    with serve(initialised_sqlite) as served:
        tokens, aside = served.home / "tokens", served.home / "tokens-aside"
        served.load.wait_for("device-0", "good", seconds=10)
        tokens.rename(aside)
        try:
            # It is committed; what cannot be had without a token is the log's new checkpoint.
            with pytest.raises(TokenUnavailable):
                revoke(served, "device-0", seen_within=SEEN_WITHIN_SECONDS)
            served.load.no_longer_good("device-0", within=SEEN_WITHIN_SECONDS)
            time.sleep(seconds)
            served.load.wait_for("device-0", "try_later", seconds=SEEN_WITHIN_SECONDS)
        finally:
            aside.rename(tokens)
        served.load.wait_for("device-0", "revoked", seconds=HEALS_WITHIN_SECONDS)
    check(served, revoked={"device-0"})


@contextmanager
def reopened(services: Services, **sections: dict[str, object]) -> Iterator[Services]:
    """A home's services with other settings."""
    services.close()
    write_settings(services.home, **sections)
    again = Services(home=services.home)
    try:
        yield again
    finally:
        again.close()


def revoke(served: Served, name: str, *, seen_within: float) -> None:
    """Revoke a device's certificate; "good" is wrong about it ``seen_within`` seconds later."""
    served.services.revocation.revoke(
        serial_number=served.issued[name].serial_number, reason=RevocationReason.SUPERSEDED
    )
    served.load.no_longer_good(name, within=seen_within)


def check(served: Served, *, revoked: set[str]) -> None:
    """Check that nobody saw a wrong answer, and that all others had theirs all the time."""
    assert served.load.wrong == []
    counts = served.load.count()
    for name in served.issued.keys() - revoked:
        said = {what for known, what in counts if known == name}
        assert said == {"good"}, (name, counts)
        assert served.load.silences[name] < LONGEST_SILENCE_SECONDS
    assert {what for name, what in counts if name == "never issued"} <= {
        "unauthorized",
        "try_later",
    }


def test_a_responder_that_expires_under_load_is_followed_by_another(
    initialised_sqlite: Services, serve: Serve
) -> None:
    # The scheduler looks once a minute, so that nobody renews it before it is needed.
    with reopened(initialised_sqlite, ocsp={"renew_before": "PT5S"}) as services:
        expires_at = services.clock.now() + SHORT_LIFE
        [name] = [one.name for one in services.authorities.all() if one.role == "devices"]
        assert short_lived_renewal(services, expires_at).renew(name)
        with serve(services) as served:
            served.load.wait_for("device-0", "good", seconds=10)
            assert services.clock.now() < expires_at
            first = set(served.load.responders)
            while services.clock.now() < expires_at + timedelta(seconds=5):
                time.sleep(0.2)
        check(served, revoked=set())
    assert len(first) == 1
    assert first < served.load.responders


class EndingAt:
    """Issuance of certificates that end sooner than their profile says."""

    def __init__(self, issuance: Issuance, not_after: datetime) -> None:
        self._issuance = issuance
        self._not_after = not_after

    def issue(self, request: CertificateRequest) -> object:
        """Issue one certificate."""
        return self._issuance.issue(replace(request, not_after=self._not_after))


def short_lived_renewal(services: Services, not_after: datetime) -> ResponderRenewal:
    """What renews responders, for a few seconds."""
    return ResponderRenewal(
        issuance=EndingAt(services.issuance, not_after),
        keys=services.keys,
        authorities=services.authorities,
        statuses=services.statuses,
        profile=services.profiles[RESPONDER_PROFILE],
        leases=services.leases,
        settings=services.settings.ocsp,
        clock=services.clock,
    )
