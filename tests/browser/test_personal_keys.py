"""A civil servant's key is made in the browser on the way through ``/my/``, and escrowed there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from playwright.sync_api import Request

from tests.browser.conftest import Reader
from tests.browser.test_key_creation import PASSWORD, SCRIPT, collect, create
from tests.browser.test_personal import (  # noqa: F401 - fixtures
    citizen,
    person,
    press,
    public_address,
)
from tests.conftest import lacks
from tests.enrollment.subscriber.person import SIGN_IN, Person, approve
from tests.enrollment.world import World

MAIL_KEY = "person-mail-encryption"


def octets_of(request: Request) -> bytes:
    headers = repr(request.all_headers()).encode()
    return request.url.encode() + headers + (request.post_data_buffer or b"")


@pytest.mark.parametrize(("profile", "language"), [(MAIL_KEY, "km"), (SIGN_IN, "en")])
def test_a_key_of_the_browser_goes_through_the_four_steps(
    citizen: Callable[..., Reader],  # noqa: F811
    person: Person,  # noqa: F811
    world: World,
    tmp_path: Path,
    profile: str,
    language: str,
) -> None:
    if not SCRIPT.exists():
        lacks("the pages' script is not built: run make setup")
    person.choose(profile)
    one = citizen(width=360, language=language)
    sent: list[bytes] = []
    one.page.on("request", lambda request: sent.append(octets_of(request)))
    page = one.open(f"/my/application/keys/{profile}")
    page.locator('input[name="key-home"][value="file"]').check()
    if profile == MAIL_KEY:
        page.locator("[data-key-agreed]").check()
    create(page)
    one.examine("my-key-created")
    press(one, "take", language)
    press(one, "go on", language)
    press(one, "send", language)
    bundle = page.url.partition("?")[0].removeprefix(one.address)
    for application in person.applications(bundle):
        approve(world, application)
    one.open(bundle).locator('a.govuk-button[href*="/my/bundles/"]').click()
    kept = load_pkcs12(collect(page, tmp_path / "own.p12").read_bytes(), PASSWORD.encode())
    one.examine("my-collected")
    [issued] = person.applications(bundle)
    assert kept.cert is not None and kept.cert.certificate.serial_number == issued.serial_number
    assert kept.key is not None
    assert kept.key.public_key() == kept.cert.certificate.public_key()
    assert len(kept.additional_certs) >= 1
    assert all(PASSWORD.encode() not in octets for octets in sent)
    check_escrow(one, world, person, kept.cert.certificate, escrowed=profile == MAIL_KEY)


def check_escrow(
    one: Reader,
    world: World,
    person: Person,  # noqa: F811
    certificate: x509.Certificate,
    *,
    escrowed: bool,
) -> None:
    found = world.escrow_office.escrow.of_holder(person.id)
    assert len(found) == escrowed
    if not escrowed:
        return
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey)
    assert found[0].institution == "moh"
    # Their own page knows of it, and erases it.
    one.open("/my/escrow").locator("button.govuk-button--warning").click()
    one.examine("my-escrow-erased")
    assert world.escrow_office.escrow.of_holder(person.id)[0].envelope_der is None
