"""Subscribers sign in with a certificate: judged at one host, and handed over to the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from ca.revocation.reasons import RevocationReason
from camtrust.app import create_app
from camtrust.listeners import Listener
from enrollment.officers import OfficerState
from tests.ca.software_hierarchy import facts_for
from tests.enrollment.passkeys.world import subscriber
from tests.enrollment.sign_in.browser import Browser
from tests.enrollment.world import World, front_header

# The identity number in the facts that the tests of ca know.
NUMBER = facts_for("person-authentication")["identifier"].removeprefix("IDCKH-")


@dataclass
class Hosts:
    """One browser as it is seen by two hosts, each with its own cookies."""

    public: Browser
    officers: Browser

    def leave(self, **fields: str) -> str:
        """Press the button at the public host; return the path at the officers'."""
        location: str = self.public.press("/sign-in", "/sign-in/certificate", **fields).headers[
            "Location"
        ]
        assert location.startswith("https://officers.example/certificate-sign-in?handover=")
        return location.removeprefix("https://officers.example")

    def present(self, path: str) -> Any:
        """Look at the page at the officers' host, and press its button."""
        shown = self.officers.get(path)
        if shown.status_code != 200:
            return shown
        return self.officers.press(path, "/certificate-sign-in")

    def arrive(self, answer: Any) -> Any:
        """Go back to the public host with what the officers' host gave."""
        location: str = answer.headers["Location"]
        assert location.startswith("https://pki.example/sign-in/certificate/answer?code=")
        return self.public.get(location.removeprefix("https://pki.example"))


@pytest.fixture
def hosts(world: World) -> Callable[..., Hosts]:
    public = create_app(world.parts(), Listener.PUBLIC)
    officers = create_app(world.parts(), Listener.OFFICERS)

    def open_both(certificate: x509.Certificate | None) -> Hosts:
        header = (
            {} if certificate is None else {"HTTP_X_SSL_CLIENT_CERT": front_header(certificate)}
        )
        return Hosts(Browser(public), Browser(officers, **header))

    return open_both


@pytest.fixture
def certificate(world: World) -> x509.Certificate:
    return world.issue("person-authentication", f"person:IDCKH-{NUMBER}")


def test_a_holder_is_handed_over(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate
) -> None:
    somebody = subscriber(world, NUMBER)
    both = hosts(certificate)
    answer = both.arrive(both.present(both.leave(back="/my/security?done=renamed")))
    assert answer.headers["Location"] == "/my/security?done=renamed"
    assert both.public.principal(world) == somebody
    assert both.officers.cookie("__Host-session") is None
    assert [one.method for one in world.sign_in_parts.events.of(somebody)] == ["certificate"]


def test_a_shared_computer_is_remembered_on_the_way(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate
) -> None:
    somebody = subscriber(world, NUMBER)
    both = hosts(certificate)
    both.arrive(both.present(both.leave(shared_computer="yes")))
    assert [one.shared_computer for one in world.sessions.all_of(somebody)] == [True]


def test_a_code_is_good_once(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate
) -> None:
    subscriber(world, NUMBER)
    both = hosts(certificate)
    answer = both.present(both.leave())
    assert both.arrive(answer).status_code == 303
    refused = both.arrive(answer)
    assert refused.status_code == 409 and "cannot be finished" in refused.text


def test_a_code_is_good_for_a_minute(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate
) -> None:
    subscriber(world, NUMBER)
    both = hosts(certificate)
    answer = both.present(both.leave())
    world.clock.advance(timedelta(seconds=61))
    assert both.arrive(answer).status_code == 409
    assert both.public.principal(world) is None


def test_a_code_is_worth_nothing_in_another_browser(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate
) -> None:
    subscriber(world, NUMBER)
    both, thief = hosts(certificate), hosts(None)
    thief.leave()
    answer = both.present(both.leave())
    assert thief.arrive(answer).status_code == 409
    assert thief.public.principal(world) is None


def test_a_handover_is_certified_once(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate
) -> None:
    subscriber(world, NUMBER)
    both = hosts(certificate)
    path = both.leave()
    assert both.present(path).status_code == 303
    assert both.present(path).status_code == 409


@pytest.mark.parametrize("handover", ["", "x" * 43, "x" * 500])
def test_a_handover_that_nobody_began_is_refused(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate, handover: str
) -> None:
    subscriber(world, NUMBER)
    both = hosts(certificate)
    assert both.present(f"/certificate-sign-in?handover={handover}").status_code == 409


def test_an_older_or_younger_certificate_of_ours_is_refused(
    world: World, hosts: Callable[..., Hosts]
) -> None:
    subscriber(world, NUMBER)
    old = world.issue("person-authentication", f"person:IDCKH-{NUMBER}", days=1)
    both = hosts(old)
    path = both.leave()
    world.clock.advance(timedelta(days=2))
    assert both.present(path).status_code == 401


def test_a_revoked_certificate_is_refused_at_both_steps(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate
) -> None:
    subscriber(world, NUMBER)
    both = hosts(certificate)
    path = both.leave()
    assert both.officers.get(path).status_code == 200
    [held] = world.register.find(certificate.serial_number)
    world.revocation.revoke(
        serial_number=held.serial_number,
        authority=held.authority,
        reason=RevocationReason("keyCompromise"),
    )
    assert both.officers.send("/certificate-sign-in", handover="x").status_code == 401
    refused = both.present(path)
    assert refused.status_code == 401 and "revoked" in refused.text


@pytest.mark.parametrize("profile", ["person-signing", "ra-officer", "service-client"])
def test_certificates_for_other_things_sign_nobody_in(
    world: World, hosts: Callable[..., Hosts], profile: str
) -> None:
    subscriber(world, NUMBER)
    both = hosts(world.issue(profile, f"person:IDCKH-{NUMBER}"))
    assert both.present(both.leave()).status_code == 401


def test_a_certificate_of_somebody_on_no_list_signs_nobody_in(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate
) -> None:
    both = hosts(certificate)
    refused = both.present(both.leave())
    assert refused.status_code == 403 and "personnel office" in refused.text


def test_somebody_suspended_is_not_handed_over(
    world: World, hosts: Callable[..., Hosts], certificate: x509.Certificate
) -> None:
    world.subscribers.change_state(subscriber(world, NUMBER), OfficerState.SUSPENDED)
    both = hosts(certificate)
    answer = both.arrive(both.present(both.leave()))
    assert answer.status_code == 403
    assert both.public.principal(world) is None


def test_a_forged_header_does_nothing_at_the_public_host(
    world: World, certificate: x509.Certificate
) -> None:
    subscriber(world, NUMBER)
    app = create_app(world.parts(), Listener.PUBLIC)
    here = Browser(app, HTTP_X_SSL_CLIENT_CERT=front_header(certificate))
    handover = world.sign_in_parts.handovers.begin(browser="b", shared_computer=False, back="/")
    assert here.get(f"/certificate-sign-in?handover={handover}").status_code == 401
    assert here.send("/certificate-sign-in", handover=handover).status_code == 401


def test_the_way_can_be_left_out(world: World) -> None:
    world.sign_in_settings = world.sign_in_settings.model_copy(update={"with_certificate": False})
    here = Browser(create_app(world.parts(), Listener.PUBLIC))
    assert "/sign-in/certificate" not in here.get("/sign-in").text
    assert here.send("/sign-in/certificate").status_code == 404
