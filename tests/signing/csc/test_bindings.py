"""What a SAD and a request are bound to, and how little strangers can have stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from camtrust.signing_programs import RegisteredPrograms
from core.errors import CamtrustError
from signing.credentials.errors import NotAuthorized
from signing.credentials.models import signature_activations
from signing.credentials.second_factor import Caller
from signing.csc.models import csc_requests
from tests.signing.csc.world import (
    BACK,
    ECDSA_SHA256,
    Program,
    Signer,
    answer_in,
    b64,
    client_of,
    program,
    signer,
)
from tests.signing.world import MINISTRY, PERSON, SEAL_PIN, SigningWorld, bound_caller, digest

OURS, ANOTHER = b"\1" * 32, b"\2" * 32


@contextmanager
def coming_with(certificate_sha256: bytes | None) -> Iterator[None]:
    """Requests come with a certificate, as at the officers' address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RegisteredPrograms, "certificate_sha256", lambda *_: certificate_sha256)
        yield


def test_a_sad_of_a_bound_token_is_of_no_use_without_the_certificate(
    either_world: SigningWorld,
) -> None:
    caller = bound_caller()
    act = either_world.act("letter", key=either_world.seal, holder=MINISTRY, caller=caller)
    sad = either_world.signing.activations.authorize(act, pin=SEAL_PIN).sad
    for thief in (None, Caller(caller.client, MINISTRY.id), Caller(caller.client, None, ANOTHER)):
        with pytest.raises(NotAuthorized):
            either_world.sign(sad, "letter", key=either_world.seal, caller=thief)
        with pytest.raises(NotAuthorized):
            either_world.signing.extensions.extend(either_world.seal.id, sad, caller=thief)
    more = either_world.signing.extensions.extend(either_world.seal.id, sad, caller=caller).sad
    with pytest.raises(NotAuthorized):
        either_world.sign(more, "letter", key=either_world.seal, caller=Caller(caller.client, None))
    assert either_world.sign(more, "letter", key=either_world.seal, caller=caller)


def test_a_row_that_is_freed_of_its_certificate_opens_nothing(world: SigningWorld) -> None:
    caller = bound_caller()
    act = world.act("letter", key=world.seal, holder=MINISTRY, caller=caller)
    sad = world.signing.activations.authorize(act, pin=SEAL_PIN).sad
    with world.services.database.begin() as connection:
        connection.execute(signature_activations.update().values(certificate_sha256=None))
    with pytest.raises(NotAuthorized):
        world.sign(sad, "letter", key=world.seal, caller=Caller(caller.client, MINISTRY.id))


@pytest.mark.parametrize("thief", [None, ANOTHER])
def test_a_sad_that_was_fetched_with_a_certificate_works_with_it_alone(
    either_world: SigningWorld, thief: bytes | None
) -> None:
    ours = program(either_world)
    dara = signer(either_world, ours.http)
    code = answer_in(dara.sign(ours.authorization_url("contract")))["code"]
    ours.http.delete_cookie("__Host-session")
    with coming_with(OURS):
        token = ours.redeem(code).get_json()
    sad, key = token["access_token"], either_world.person.id
    hashes = {"credentialID": key, "hashes": [b64(digest("contract"))], "signAlgo": ECDSA_SHA256}
    with coming_with(thief):
        stolen = ours.call("signatures/signHash", sad, **hashes)
        assert (stolen.status_code, stolen.get_json()["error"]) == (401, "invalid_token")
    # Nor beside an access token of the very program that no certificate came with.
    beside = ours.sign_in().call("signatures/signHash", sad, SAD=sad, **hashes)
    assert beside.status_code == 401
    with coming_with(OURS):
        signed = ours.call("signatures/signHash", sad, **hashes)
        assert len(signed.get_json()["signatures"]) == 1, signed.text


def test_more_hashes_than_one_authorization_gives_are_not_asked(world: SigningWorld) -> None:
    ours = program(world)
    requests = world.services.csc.requests
    requests._most_signatures = 2  # A URL that holds a thousand is refused before.
    stranger = Signer(world, ours.http)
    assert ask(stranger, ours, "a", "b") == {}
    refused = ask(stranger, ours, "a", "b", "c")
    assert (refused["error"], "at most 2" in refused["error_description"]) == (
        "invalid_request",
        True,
    )
    assert stored(world) == 1


def ask(browser: Signer, ours: Program, *texts: str) -> dict[str, str]:
    """What the program hears at once; nothing where the signer is asked first."""
    answer = browser.open(ours.authorization_url(*texts))
    return answer_in(answer) if answer.location.startswith(BACK) else {}


def stored(world: SigningWorld) -> int:
    with world.services.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(csc_requests)) or 0)


def test_strangers_fill_no_table_and_displace_nothing_that_somebody_reads(
    either_world: SigningWorld,
) -> None:
    ours = program(either_world)
    requests = either_world.services.csc.requests
    requests._settings = requests._settings.model_copy(
        update={"unseen_requests": 5, "seen_requests": 2}
    )
    dara = signer(either_world, client_of(either_world))
    read = dara.arrive(ours.authorization_url("contract"))
    assert dara.open(read).status_code == 200
    query = dict(pair for pair in parse(ours.authorization_url("flood")))
    unread = requests.take(query)
    for _ in range(12):
        either_world.clock.advance(timedelta(milliseconds=2))
        requests.take(query)
    assert stored(either_world) == 6
    with pytest.raises(CamtrustError):
        requests.find(unread)
    assert dara.open(read).status_code == 200
    # Nor does one person fill it: of many that are opened the newest wait.
    for _ in range(4):
        either_world.clock.advance(timedelta(milliseconds=2))
        requests.note_seen(requests.take(query), PERSON.id)
    seen = select(func.count()).select_from(csc_requests).where(csc_requests.c.person == PERSON.id)
    with either_world.services.database.read() as connection:
        assert connection.scalar(seen) == 2


def parse(url: str) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl, urlsplit

    return parse_qsl(urlsplit(url).query)


def test_questions_for_the_passkey_are_counted(world: SigningWorld) -> None:
    ours = program(world)
    dara = signer(world, client_of(world))
    path = dara.arrive(ours.authorization_url("contract"))
    assert dara.open(path).status_code == 200
    answers = [dara.send(f"{path}/question").status_code for _ in range(61)]
    assert answers[0] == 200
    assert answers[-1] == 429
