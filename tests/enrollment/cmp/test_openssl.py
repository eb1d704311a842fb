"""`openssl cmp` gets, renews and revokes certificates that `openssl verify` accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from core.database import Database
from tests.enrollment.cmp.serving import PATH, Served, serving
from tests.enrollment.grants.world import SERVER

SUBJECT = f"/CN={SERVER}"


@pytest.fixture
def served(database: Database, tmp_path: Path, require: Callable[[str], str]) -> Iterator[Served]:
    with serving(database, tmp_path, require("openssl")) as running:
        yield running


def test_ir_cr_kur_p10cr_and_rr_by_mac(served: Served) -> None:
    grant = served.grant()
    mac = served.by_mac(grant)
    served.key("a")
    first = served.request(
        *("ir", "a", *mac, "-newkey", str(served.folder / "a.key"), "-subject", SUBJECT),
        *("-cacertsout", str(served.folder / "anchors.pem")),
    )
    assert (served.folder / "anchors.pem").read_bytes() == served.anchor().read_bytes()
    key = str(served.key("b"))
    second = served.request("cr", "b", *mac, "-newkey", key, "-sans", SERVER, "-implicit_confirm")
    csr = served.folder / "c.csr"
    served.run(
        *("req", "-new", "-key", str(served.key("c")), "-subj", SUBJECT, "-out", str(csr)),
        *("-config", "/dev/null"),
    )
    third = served.request("p10cr", "c", *mac, "-csr", str(csr))
    renewed = served.request(
        *("kur", "d", *mac, "-oldcert", str(served.folder / "a.pem")),
        *("-newkey", str(served.key("d"))),
    )
    assert len({one.serial_number for one in (first, second, third, renewed)}) == 4
    assert renewed.subject == first.subject
    assert served.world.grants.find(grant.id).certificates_used == 3
    served.cmp("rr", *mac, "-oldcert", str(served.folder / "d.pem"), "-revreason", "1")
    assert served.standing(renewed) == ("revoked", "keyCompromise")
    served.cmp("rr", *mac, "-oldcert", str(served.folder / "c.pem"))
    assert served.standing(third) == ("revoked", "unspecified")
    assert served.standing(first) == served.standing(second) == ("good", None)


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_cr_p10cr_kur_and_rr_by_signature(served: Served, kind: str) -> None:
    grant = served.grant(profile="service-client", dns_names=())
    served.key("a", kind)
    first = served.request(
        *("ir", "a", *served.by_mac(grant), "-subject", "/CN=a"),
        *("-newkey", str(served.folder / "a.key")),
    )
    assert isinstance(first.public_key(), rsa.RSAPublicKey) == (kind == "RSA")
    signed = served.by_signature("a")
    key = str(served.key("b"))
    second = served.request("cr", "b", *signed, "-newkey", key, "-subject", "/CN=b")
    csr = served.folder / "c.csr"
    served.run(
        *("req", "-new", "-key", str(served.key("c")), "-subj", "/CN=c", "-out", str(csr)),
        *("-config", "/dev/null"),
    )
    served.request("p10cr", "c", *signed, "-csr", str(csr))
    renewed = served.request("kur", "d", *signed, "-newkey", str(served.key("d", kind)))
    assert renewed.subject == first.subject
    assert served.world.grants.find(grant.id).certificates_used == 3
    # The successor renews in its turn, and revokes another and itself.
    again = served.by_signature("d")
    newest = served.request("kur", "e", *again, "-newkey", str(served.key("e")))
    served.cmp("rr", *again, "-oldcert", str(served.folder / "b.pem"), "-revreason", "4")
    assert served.standing(second) == ("revoked", "superseded")
    served.cmp("rr", *again, "-oldcert", str(served.folder / "d.pem"), "-revreason", "5")
    assert served.standing(renewed) == ("revoked", "cessationOfOperation")
    said = served.cmp(
        *("kur", *again, "-newkey", key, "-certout", "/dev/null", "-unprotected_errors"), ok=False
    )
    assert "signerNotTrusted" in said
    assert served.standing(newest) == ("good", None)


def test_general_messages_by_mac_and_by_signature(served: Served) -> None:
    grant = served.grant(profile="service-client", dns_names=())
    mac = served.by_mac(grant)
    served.key("a")
    key = str(served.folder / "a.key")
    served.request("ir", "a", *mac, "-subject", "/CN=a", "-newkey", key)
    programs = served.world.hierarchy.issuers["programs"].certificate.subject
    named = programs.rfc4514_string({NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier"})
    recipient = "/" + "/".join(reversed(named.split(",")))
    for protection in (mac, served.by_signature("a"), (*mac, "-recipient", recipient)):
        said = served.cmp("genm", *protection, "-infotype", "caCerts")
        assert "ITAV of type: id-it-caCerts" in said


def test_the_profile_in_the_address_is_the_grants_or_refused(served: Served) -> None:
    grant = served.grant()
    arguments = (*served.by_mac(grant), "-newkey", str(served.key("a")), "-subject", SUBJECT)
    served.request("ir", "a", *arguments, path=f"{PATH}/p/tls-server")
    out = ("-certout", "/dev/null")
    said = served.cmp("ir", *arguments, *out, path=f"{PATH}/p/service-client", ok=False)
    assert "notAuthorized" in said
    served.cmp("ir", *arguments, *out, path=f"{PATH}/p/moon", ok=False)


def test_a_wrong_secret_gets_no_certificate(served: Served) -> None:
    grant = served.grant()
    wrong = served.by_mac(grant, "guess")
    key = str(served.key("a"))
    said = served.cmp(
        *("ir", *wrong, "-newkey", key, "-subject", SUBJECT, "-certout", "/dev/null"),
        "-unprotected_errors",
        ok=False,
    )
    assert "badMessageCheck" in said
    assert served.world.grants.find(grant.id).certificates_used == 0


def test_what_openssl_would_use_by_itself_is_refused_with_advice(served: Served) -> None:
    grant = served.grant()
    said = served.cmp(
        *("ir", "-ref", grant.id, "-secret", f"pass:{served.secret(grant)}", "-subject", SUBJECT),
        *("-newkey", str(served.key("a")), "-certout", "/dev/null", "-unprotected_errors"),
        ok=False,
    )
    assert "badAlg" in said
    assert "SHA-256" in said


def test_raverified_from_a_stranger_is_refused_and_from_an_authority_taken(
    served: Served,
) -> None:
    key = str(served.key("a"))
    arguments = ("-newkey", key, "-subject", SUBJECT, "-popo", "0")
    said = served.cmp(
        *("ir", *served.by_mac(served.grant()), *arguments, "-certout", "/dev/null"), ok=False
    )
    assert "badPOP" in said
    ra = served.grant(verifies_possession=True)
    served.request("ir", "a", *served.by_mac(ra), *arguments)


def test_no_proof_of_possession_is_refused(served: Served) -> None:
    ra = served.grant(verifies_possession=True)
    said = served.cmp(
        *("ir", *served.by_mac(ra), "-newkey", str(served.key("a")), "-subject", SUBJECT),
        *("-popo", "-1", "-certout", "/dev/null"),
        ok=False,
    )
    assert "badPOP" in said


def test_the_client_polls_while_the_token_is_away(served: Served) -> None:
    # In the real service the grants' secrets lie in another token than the issuing keys.
    import threading

    served.world.cmp_settings.__dict__["poll_seconds"] = 1
    grant = served.grant()
    served.world.keys.away = True

    def bring_back() -> None:
        served.world.keys.away = False

    timer = threading.Timer(2.5, bring_back)
    timer.start()
    try:
        key = str(served.key("a"))
        served.request("ir", "a", *served.by_mac(grant), "-newkey", key, "-subject", SUBJECT)
    finally:
        timer.cancel()
        served.world.keys.away = False
    assert served.world.grants.find(grant.id).certificates_used == 1
