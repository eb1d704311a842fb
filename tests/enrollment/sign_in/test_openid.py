"""Sign in with a provider: the honest way, and every way in which an answer does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey
from pydantic import ValidationError

from camtrust.app import create_app
from camtrust.listeners import Listener
from enrollment.officers import OfficerState
from enrollment.sign_in.openid.outgoing import MOST_OCTETS
from enrollment.sign_in.openid.settings import OpenIdSettings
from enrollment.sign_in.settings import SignInSettings
from tests.enrollment.passkeys.world import subscriber
from tests.enrollment.sign_in.browser import Browser
from tests.enrollment.sign_in.provider import CLIENT, SECRET, TestProvider, serving
from tests.enrollment.world import World

PERSON = "012345678"
LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def provider(clock: Any) -> Iterator[TestProvider]:
    with serving(TestProvider(clock)) as one:
        yield one


@pytest.fixture
def settings(provider: TestProvider, tmp_path: Path) -> dict[str, Any]:
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    return {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret_file": secret,
        "networks": LOOPBACK,
        "timeout_seconds": 2,
    }


@pytest.fixture
def browser(world: World, settings: dict[str, Any]) -> Callable[..., Browser]:
    """Open a browser at a service with the provider; ``changes`` go into the settings."""

    def open_one(**changes: Any) -> Browser:
        world.sign_in_settings = SignInSettings(openid=OpenIdSettings(**settings | changes))
        return Browser(create_app(world.parts(), Listener.PUBLIC))

    return open_one


def go(browser: Browser, provider: TestProvider, **changes: str) -> Any:
    """Press the button, be somebody at the provider, and come back."""
    url = browser.press("/sign-in", "/sign-in/openid").headers["Location"]
    return browser.get(f"/sign-in/openid/answer?{provider.authorize(url, **changes)}")


def is_refused(answer: Any, title: str) -> bool:
    return answer.status_code in {401, 403, 503} and title in answer.text


DOES_NOT_FIT = "The provider's answer does not fit"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_known_person_is_signed_in(
    world: World, provider: TestProvider, browser: Callable[..., Browser], algorithm: str
) -> None:
    somebody = subscriber(world)
    provider.algorithm = algorithm
    here = browser()
    answer = go(here, provider)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/my/"
    assert here.principal(world) == somebody
    assert [one.method for one in world.sign_in_parts.events.of(somebody)] == ["oidc"]


def test_the_question_has_pkce_state_nonce_and_our_own_address(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    url = browser().press("/sign-in", "/sign-in/openid").headers["Location"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "https://pki.example/sign-in/openid/answer"
    assert asked["scope"] == "openid"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43


def test_our_private_key_proves_who_asks(
    world: World, provider: TestProvider, browser: Callable[..., Browser], tmp_path: Path
) -> None:
    subscriber(world)
    provider.client_key = ECKey.generate_key("P-256")
    key = tmp_path / "client.pem"
    key.write_bytes(provider.client_key.as_pem(private=True))
    here = browser(client_secret_file=None, private_key_file=key, private_key_id="ours")
    assert go(here, provider).status_code == 303


def test_somebody_of_an_institutions_list_may_come_for_the_first_time(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    world.found()
    person = world.employ(number=PERSON)
    here = browser()
    assert go(here, provider).status_code == 303
    assert here.principal(world) == person


def test_khmer_digits_name_the_same_document(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    subscriber(world)
    provider.person = "០១២៣៤៥៦៧៨"
    assert go(browser(), provider).status_code == 303


def test_somebody_unknown_is_told_what_to_do(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    here = browser()
    answer = go(here, provider)
    assert answer.status_code == 403
    assert "personnel office" in answer.text and "One Window" in answer.text
    assert here.principal(world) is None


def test_somebody_suspended_is_not_signed_in(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    world.subscribers.change_state(subscriber(world), OfficerState.SUSPENDED)
    here = browser()
    assert is_refused(go(here, provider), "Your account is not open")
    assert here.principal(world) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"iss": "https://accounts.example"},
        {"exp": 1_000},
        {"exp": None},
        {"iat": None},
        {"azp": "another-client"},
        {"at_hash": "AAAA"},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    world: World, provider: TestProvider, browser: Callable[..., Browser], claims: dict[str, Any]
) -> None:
    subscriber(world)
    provider.claims = claims
    here = browser()
    assert is_refused(go(here, provider), DOES_NOT_FIT)
    assert here.principal(world) is None


def test_a_token_of_another_key_is_refused(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    subscriber(world)
    provider.signs_with = ECKey.generate_key("P-256", {"kid": "ec-1"})
    assert is_refused(go(browser(), provider), DOES_NOT_FIT)


@pytest.mark.parametrize("algorithm", ["HS256", "PS384"])
def test_an_algorithm_that_is_not_allowed_is_refused(
    world: World, provider: TestProvider, browser: Callable[..., Browser], algorithm: str
) -> None:
    subscriber(world)
    provider.algorithm = algorithm
    provider.signs_with = (
        OctKey.import_key(SECRET, {"kid": "ec-1"})
        if algorithm == "HS256"
        else RSAKey.import_key(provider.keys["RS256"].as_dict(private=True))
    )
    assert is_refused(go(browser(), provider), DOES_NOT_FIT)


def test_an_unsigned_token_is_refused(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    subscriber(world)
    provider.answer = b'{"id_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."}'
    assert is_refused(go(browser(), provider), DOES_NOT_FIT)


def test_new_keys_of_the_provider_are_fetched(
    world: World, provider: TestProvider, browser: Callable[..., Browser], clock: Any
) -> None:
    subscriber(world)
    here = browser()
    assert go(here, provider).status_code == 303
    provider.keys["ES256"] = ECKey.generate_key("P-256", {"kid": "ec-2", "use": "sig"})
    clock.advance(timedelta(minutes=2))
    assert go(here, provider).status_code == 303
    assert provider.asked.count("/keys") == 2
    assert provider.asked.count("/.well-known/openid-configuration") == 1


def test_an_answer_is_taken_once(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    subscriber(world)
    here = browser()
    url = here.press("/sign-in", "/sign-in/openid").headers["Location"]
    query = provider.authorize(url)
    assert here.get(f"/sign-in/openid/answer?{query}").status_code == 303
    provider.codes["code-0"] = {name: v[0] for name, v in parse_qs(urlsplit(url).query).items()}
    here.forget("__Host-session")
    assert is_refused(here.get(f"/sign-in/openid/answer?{query}"), DOES_NOT_FIT)


def test_another_browser_cannot_finish_what_this_one_began(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    subscriber(world)
    thief = browser()
    url = thief.press("/sign-in", "/sign-in/openid").headers["Location"]
    victim = Browser(thief.app)
    victim.press("/sign-in", "/sign-in/openid")
    answer = victim.get(f"/sign-in/openid/answer?{provider.authorize(url)}")
    assert is_refused(answer, DOES_NOT_FIT)


@pytest.mark.parametrize("named", ["https://evil.example", ""])
def test_another_providers_answer_is_not_mixed_in(
    world: World, provider: TestProvider, browser: Callable[..., Browser], named: str
) -> None:
    subscriber(world)
    assert is_refused(go(browser(), provider, iss=named), DOES_NOT_FIT)
    assert "/token" not in provider.asked  # the code went nowhere


def test_a_sign_in_that_took_too_long_begins_again(
    world: World, provider: TestProvider, browser: Callable[..., Browser], clock: Any
) -> None:
    subscriber(world)
    here = browser()
    url = here.press("/sign-in", "/sign-in/openid").headers["Location"]
    clock.advance(timedelta(minutes=11))
    answer = here.get(f"/sign-in/openid/answer?{provider.authorize(url)}")
    assert is_refused(answer, DOES_NOT_FIT)
    assert world.sign_in_parts.openid is not None


def test_who_turns_back_at_the_provider_is_told_so(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    answer = go(browser(), provider, error="access_denied", code="")
    assert is_refused(answer, "The provider did not sign you in")


def test_a_parameter_that_comes_twice_is_refused(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    here = browser()
    url = here.press("/sign-in", "/sign-in/openid").headers["Location"]
    answer = here.get(f"/sign-in/openid/answer?{provider.authorize(url)}&code=other")
    assert is_refused(answer, DOES_NOT_FIT)


def test_a_provider_that_is_away_is_said_to_be_and_left_alone(
    world: World, provider: TestProvider, browser: Callable[..., Browser], clock: Any
) -> None:
    provider.away = True
    here = browser()
    for _ in range(3):
        assert is_refused(here.press("/sign-in", "/sign-in/openid"), "The sign-in provider is away")
    provider.away = False
    clock.advance(timedelta(seconds=16))
    assert here.press("/sign-in", "/sign-in/openid").status_code == 303


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b"{",
        b"{}",
        b'{"id_token": 7}',
        b'{"id_token": "' + b"a" * 20_000 + b'"}',
        b" " * (MOST_OCTETS + 1),
    ],
    ids=["empty", "list", "half", "none", "number", "long-token", "long"],
)
def test_a_broken_answer_of_the_provider_is_no_fault_of_ours(
    world: World, provider: TestProvider, browser: Callable[..., Browser], answer: bytes
) -> None:
    provider.answer = answer
    assert go(browser(), provider).status_code in {401, 503}


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "http://pki.internal/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=["issuer", "plain-http", "no-keys", "script"],
)
def test_metadata_that_mislead_are_not_followed(
    world: World,
    provider: TestProvider,
    browser: Callable[..., Browser],
    metadata: dict[str, Any],
) -> None:
    provider.metadata = metadata
    answer = browser().press("/sign-in", "/sign-in/openid")
    assert is_refused(answer, "The sign-in provider is away")


def test_a_provider_inside_our_network_is_not_asked_unless_the_settings_say_so(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    answer = browser(networks=()).press("/sign-in", "/sign-in/openid")
    assert is_refused(answer, "The sign-in provider is away")
    assert provider.asked == []


def test_a_redirect_of_the_provider_is_not_followed(
    world: World, provider: TestProvider, browser: Callable[..., Browser]
) -> None:
    provider.respond = lambda *_: (302, b"")  # type: ignore[method-assign]
    answer = browser().press("/sign-in", "/sign-in/openid")
    assert is_refused(answer, "The sign-in provider is away")


def test_without_a_provider_the_way_is_not_offered(world: World) -> None:
    here = Browser(create_app(world.parts(), Listener.PUBLIC))
    assert "CamDigiKey" not in here.get("/sign-in").text
    assert here.send("/sign-in/openid").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"scopes": ["profile"]},
        {"client_id": ""},
        {"client_secret_file": None},
        {"private_key_file": "key.pem"},
        {"issuer": "http://pki.example"},
        {"issuer": "https://user@accounts.example"},
    ],
    ids=str,
)
def test_settings_that_would_be_unsafe_are_refused(change: dict[str, Any]) -> None:
    whole = {
        "issuer": "https://accounts.example",
        "client_id": CLIENT,
        "client_secret_file": "secret",
    }
    OpenIdSettings.model_validate(whole)
    with pytest.raises(ValidationError):
        OpenIdSettings.model_validate(whole | change)
