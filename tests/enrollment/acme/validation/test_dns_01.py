"""dns-01 against a DNS server on loopback."""

from __future__ import annotations

import time

import pytest

from enrollment.acme.validation.dns_01 import expected_value
from tests.enrollment.acme.validation.scene import KEY_AUTHORIZATION, NAME, Scene

OWNER = f"_acme-challenge.{NAME}"
# By openssl: printf %s KEY_AUTHORIZATION | openssl dgst -sha256 -binary | base64, in base64url.
DIGEST = "lCM7cZyQXcVHK2nnW3jjAhNT3Fvm18UN-kWZZknKoYM"


def test_the_digest_is_what_openssl_computes() -> None:
    assert expected_value(KEY_AUTHORIZATION).decode() == DIGEST


def test_the_digest_is_accepted(scene: Scene) -> None:
    scene.dns.set_txt(OWNER, DIGEST)
    scene.dns_01()


def test_the_digest_among_other_records_is_accepted(scene: Scene) -> None:
    scene.dns.set_txt(OWNER, "v=spf1 -all", "x" * 600, DIGEST, "")
    scene.dns_01()


def test_the_digest_in_an_answer_too_long_for_a_datagram_is_accepted(scene: Scene) -> None:
    scene.dns.set_txt(OWNER, *[f"{number:0200}" for number in range(60)], DIGEST)
    scene.dns_01()


@pytest.mark.parametrize("whole_chain", [True, False])
def test_aliases_are_followed(scene: Scene, whole_chain: bool) -> None:
    scene.dns.set_cname(OWNER, "a.validation.example.org")
    scene.dns.set_cname("a.validation.example.org", "b.example.org")
    scene.dns.set_txt("b.example.org", DIGEST)
    if not whole_chain:
        scene.dns.hand_over_aliases_one_by_one()
    scene.dns_01()


def test_a_wildcard_is_proved_at_its_base_name(scene: Scene) -> None:
    scene.dns.set_txt(OWNER, DIGEST)
    scene.dns_01(f"*.{NAME}")


@pytest.mark.parametrize(
    "value", [DIGEST + "=", DIGEST[:-1], DIGEST.swapcase(), f" {DIGEST}", KEY_AUTHORIZATION, ""]
)
def test_anything_but_the_exact_digest_is_refused(scene: Scene, value: str) -> None:
    scene.dns.set_txt(OWNER, value)
    assert scene.refused_dns_01().acme_type == "incorrectResponse"


def test_a_wrong_record_is_quoted_in_plain_ascii(scene: Scene) -> None:
    scene.dns.set_txt(OWNER, "<b>\\007\\255", "second", "third")
    detail = scene.refused_dns_01().detail
    assert "\\x3cb\\x3e\\x07\\xff" in detail
    assert "and 1 more" in detail


def test_the_digest_at_the_name_itself_is_refused(scene: Scene) -> None:
    scene.dns.set_txt(NAME, DIGEST)
    assert scene.refused_dns_01().acme_type == "dns"


def test_a_name_without_txt_records_is_refused(scene: Scene) -> None:
    scene.dns.set_a(OWNER, "192.0.2.1")
    assert "no TXT record" in scene.refused_dns_01().detail


def test_nxdomain_is_a_dns_error(scene: Scene) -> None:
    refusal = scene.refused_dns_01()
    assert (refusal.acme_type, "NXDOMAIN" in refusal.detail) == ("dns", True)


def test_servfail_is_a_dns_error_that_says_so(scene: Scene) -> None:
    scene.dns.servfail(OWNER, "TXT")
    refusal = scene.refused_dns_01()
    assert (refusal.acme_type, "SERVFAIL" in refusal.detail) == ("dns", True)


def test_a_silent_server_is_left_at_the_deadline(scene: Scene) -> None:
    scene.dns.timeouts(OWNER, "TXT")
    before = time.monotonic()
    refusal = scene.refused_dns_01(timeout_seconds=0.4)
    assert time.monotonic() - before < 3
    assert (refusal.acme_type, "in time" in refusal.detail) == ("dns", True)


@pytest.mark.parametrize("whole_chain", [True, False])
def test_aliases_in_a_circle_are_a_dns_error(scene: Scene, whole_chain: bool) -> None:
    scene.dns.set_cname(OWNER, "loop.example.org")
    scene.dns.set_cname("loop.example.org", OWNER)
    if not whole_chain:
        scene.dns.hand_over_aliases_one_by_one()
    assert scene.refused_dns_01().acme_type == "dns"


@pytest.mark.parametrize(
    "name", ["", ".", "a..b.kh", "x" * 64 + ".kh", "កម្ពុជា.kh", "a\n.kh", "localhost"]
)
def test_what_is_no_dns_name_is_refused_unasked(scene: Scene, name: str) -> None:
    assert scene.refused_dns_01(name).acme_type == "dns"
    assert scene.dns.queries == []
