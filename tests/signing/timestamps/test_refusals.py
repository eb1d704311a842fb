"""Each refusal has its PKIFailureInfo, its words, and no token."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest

from camtrust.wiring import Services
from core.clock import Clock
from hsm.errors import TokenUnavailable
from signing.timestamps.authority import TimestampAuthority
from signing.timestamps.errors import ClockNotTrusted, HashNotStamped, ImprintMalformed
from signing.timestamps.failures import Failure, encode_rejection
from signing.timestamps.time_source import TimeSource
from tests.signing.timestamps.queries import DATA, Reply, query, read

EXTENSION = {"extn_id": "2.999.1", "critical": False, "extn_value": b"\x05\x00"}


def refused(services: Services, data: bytes) -> Reply:
    answer = services.timestamps.answer(data)
    reply = read(answer.response_der)
    assert reply.status == "rejection"
    assert reply.words
    assert reply.response["time_stamp_token"].native is None
    assert not answer.is_temporary
    return reply


@pytest.mark.parametrize("hash_algorithm", ["md5", "sha1", "sha224"])
def test_weak_hashes_are_a_bad_algorithm(stamping: Services, hash_algorithm: str) -> None:
    reply = refused(stamping, query(hash_algorithm))

    assert reply.failures == {"bad_alg"}
    assert "SHA-256" in reply.words


@pytest.mark.parametrize("octets", [0, 31, 33, 64])
def test_a_digest_of_the_wrong_length_is_in_a_bad_format(stamping: Services, octets: int) -> None:
    reply = refused(stamping, query(digest=b"d" * octets))

    assert reply.failures == {"bad_data_format"}
    assert f"this one {octets}" in reply.words


def test_another_policy_is_unaccepted(stamping: Services) -> None:
    reply = refused(stamping, query(req_policy="1.2.3.4.5"))

    assert reply.failures == {"unaccepted_policy"}
    assert "2.999.855.1.32" in reply.words


@pytest.mark.parametrize("critical", [True, False])
def test_an_extension_is_unaccepted_critical_or_not(stamping: Services, critical: bool) -> None:
    asked = query(extensions=[EXTENSION | {"critical": critical}])

    assert refused(stamping, asked).failures == {"unaccepted_extensions"}


def test_another_version_is_a_bad_request(stamping: Services) -> None:
    asked = query().replace(b"\x02\x01\x01", b"\x02\x01\x02", 1)

    assert refused(stamping, asked).failures == {"bad_request"}


@pytest.mark.parametrize(
    "data",
    [b"", b"nonsense", query()[:-1], query() + b"\x00"],
    ids=["empty", "nonsense", "cut-off", "trailing"],
)
def test_what_is_no_request_is_a_bad_request_in_a_bad_format(
    stamping: Services, data: bytes
) -> None:
    reply = refused(stamping, data)

    assert reply.failures == {"bad_request", "bad_data_format"}
    assert reply.words.startswith("This is no time-stamp request (RFC 3161).")


class Untrusted:
    """A clock that nobody believes, until it is believed."""

    trusted = False

    def check(self) -> None:
        if not self.trusted:
            raise ClockNotTrusted("The clock is not synchronized.")

    def describe(self) -> str:
        return "a test"


def with_clock(services: Services, trust: Untrusted) -> TimestampAuthority:
    return TimestampAuthority(
        units=services.timestamp_wiring.units,
        serial_numbers=services.timestamps._serial_numbers,
        time_source=TimeSource(
            clock=services.clock, trust=trust, accuracy=timedelta(seconds=1), monotonic=lambda: 0.0
        ),
        policies=services.timestamps.policies,
        largest_request_octets=4096,
    )


def test_without_a_trusted_clock_the_time_is_not_available(stamping: Services) -> None:
    trust = Untrusted()
    authority = with_clock(stamping, trust)

    answer = authority.answer(query())

    assert read(answer.response_der).failures == {"time_not_available"}
    assert answer.is_temporary
    with pytest.raises(ClockNotTrusted):
        authority.token_for(sha256(DATA).digest(), "sha256")
    trust.trusted = True
    assert read(authority.answer(query()).response_der).status == "granted"


class Broken:
    """A clock with a fault of ours."""

    def now(self) -> None:
        raise ZeroDivisionError


def test_a_fault_of_ours_is_a_system_failure_without_detail(stamping: Services) -> None:
    clock: Clock = Broken()  # type: ignore[assignment]
    authority = with_clock(stamping, Untrusted())
    authority._time_source._clock = clock
    authority._time_source._trusted_until = float("inf")

    answer = authority.answer(query())

    assert read(answer.response_der).failures == {"system_failure"}
    assert answer.problem == "internal-error"
    assert b"Zero" not in answer.response_der


def test_a_token_that_is_away_is_a_system_failure_and_heals_by_itself(
    stamping: Services,
) -> None:
    services = stamping
    assert read(services.timestamps.answer(query()).response_der).status == "granted"
    tokens = services.home / "tokens"
    tokens.rename(services.home / "away")

    answer = services.timestamps.answer(query())

    assert read(answer.response_der).failures == {"system_failure"}
    assert answer.is_temporary
    with pytest.raises(TokenUnavailable):
        services.timestamps.token_for(sha256(DATA).digest(), "sha256")
    (services.home / "away").rename(tokens)
    assert read(services.timestamps.answer(query()).response_der).status == "granted"


@pytest.mark.parametrize(
    ("hash_algorithm", "digest", "refusal"),
    [
        ("sha1", b"d" * 20, HashNotStamped),
        ("whirlpool", b"d" * 64, HashNotStamped),
        ("sha256", b"d" * 20, ImprintMalformed),
    ],
)
def test_within_the_process_the_same_is_refused(
    stamping: Services, hash_algorithm: str, digest: bytes, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        stamping.timestamps.token_for(digest, hash_algorithm)


@pytest.mark.parametrize("failure", list(Failure))
def test_a_failure_sets_the_bit_of_its_number_and_no_other(failure: Failure) -> None:
    reply = read(encode_rejection([failure], "words"))

    # asn1crypto calls one of them in the plural.
    assert {one.removesuffix("s") for one in reply.failures} == {failure.name.lower()}
