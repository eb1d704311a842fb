"""The command, in a home that knows its own certificates."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.timestamps import TimeStamper

from ca.csr import verify_csr
from ca.models import revocations
from ca.plan import CertificateRequest
from ca.revocation.reasons import RevocationReason
from camtrust.wiring import Services
from signing.documents.validation.commands import validate_document
from signing.timestamps.authority import TimestampAuthority
from tests.interop.conftest import Template, founded_copy
from tests.signing.documents.validation.authorities import Hierarchy, Party
from tests.signing.documents.validation.documents import Signed

Ask = Callable[..., dict[str, object]]


class HouseTimestamps(TimeStamper):
    """pyHanko asks our own authority, in this process."""

    def __init__(self, authority: TimestampAuthority) -> None:
        super().__init__()
        self._authority = authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._authority.answer(req.dump()).response_der)


@dataclass
class House:
    """A founded home, one of whose signers signed two documents, one of them with the time."""

    services: Services
    document: Path
    stamped: Path
    serial_number: int


@pytest.fixture(scope="module")
def house(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("validation")
    services = Services(home=founded_copy(sqlite_template, folder / "home"))
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    issued = services.issuance.issue(
        CertificateRequest(
            profile="person-signing",
            csr=verify_csr(csr.public_bytes(Encoding.DER)),
            holder="test:person",
            facts={"surname": "TEST", "given_name": "Person", "identifier": "IDCKH-000000001"},
            authority="people-1",
        )
    )
    certificate = x509.load_der_x509_certificate(issued.certificate_der)
    hierarchy = Hierarchy()
    hierarchy.issuing = Party(services.authorities.authority("people-1").certificate, key)
    document = folder / "letter.pdf"
    document.write_bytes(Signed(hierarchy).sign(party=Party(certificate, key)))
    stamper = HouseTimestamps(services.timestamps)
    hierarchy.time_stamper = lambda *_args, **_more: stamper  # type: ignore[assignment, method-assign]
    stamped = folder / "stamped.pdf"
    stamped.write_bytes(Signed(hierarchy).sign(level="B-T", party=Party(certificate, key)))
    yield House(services, document, stamped, certificate.serial_number)
    services.close()


@pytest.fixture
def ask(house: House) -> Ask:
    def run(*arguments: object, services: Services | None = None) -> dict[str, object]:
        result = CliRunner().invoke(
            validate_document,
            [*(str(one) for one in arguments), "--json"],
            obj=services or house.services,
            catch_exceptions=False,
        )
        assert result.exit_code == 0, result.output
        report: dict[str, object] = json.loads(result.stdout)
        return report

    return run


def said(report: dict[str, object]) -> tuple[object, object, object]:
    [signature] = report["signatures"]  # type: ignore[misc, attr-defined]
    return report["verdict"], report["sub_indication"], signature["integrity"]  # type: ignore[index]


def test_our_own_signer_passes_by_the_register(house: House, ask: Ask) -> None:
    report = ask(house.document)
    assert said(report) == ("TOTAL_PASSED", None, "INTACT")
    [signature] = report["signatures"]  # type: ignore[misc, attr-defined]
    assert signature["signer"]["name"] == "TEST Person"  # type: ignore[index]
    assert signature["chain"]["source"] == "own"  # type: ignore[index]
    assert signature["chain"]["anchor"].endswith("Organization: Cambodia National PKI, Country: KH")  # type: ignore[index]


def test_our_own_time_stamps_prove_the_time(house: House, ask: Ask) -> None:
    report = ask(house.stamped)
    assert said(report) == ("TOTAL_PASSED", None, "INTACT")
    [signature] = report["signatures"]  # type: ignore[misc, attr-defined]
    assert (signature["level"], signature["time_stamps"][0]["proves"]) == ("B-T", True)  # type: ignore[index]
    assert signature["proven_time"] == signature["time_stamps"][0]["time"]  # type: ignore[index]


def test_a_suspended_signer_is_indeterminate_until_it_is_released(house: House, ask: Ask) -> None:
    house.services.revocation.hold(serial_number=house.serial_number)
    assert said(ask(house.document)) == ("INDETERMINATE", "TRY_LATER", "INTACT")
    house.services.revocation.release(serial_number=house.serial_number)
    assert said(ask(house.document)) == ("TOTAL_PASSED", None, "INTACT")


def test_a_revoked_signer_is_indeterminate_without_a_proven_time(house: House, ask: Ask) -> None:
    house.services.revocation.revoke(
        serial_number=house.serial_number, reason=RevocationReason.KEY_COMPROMISE
    )
    assert said(ask(house.document)) == ("INDETERMINATE", "REVOKED_NO_POE", "INTACT")
    # What is proven to have been signed before stands.
    assert said(ask(house.stamped)) == ("TOTAL_PASSED", None, "INTACT")
    # Unless the key is thought to have been another's by then (RFC 5280, Section 5.3.2).
    with house.services.database.begin() as connection:
        connection.execute(
            revocations.update().values(invalidity_date=datetime.now(UTC) - timedelta(days=1))
        )
    assert said(ask(house.stamped)) == ("INDETERMINATE", "REVOKED_NO_POE", "INTACT")
    # A root that was named by hand is the same root, and the register is asked all the same.
    root = house.document.with_name("root.pem")
    authority = house.services.authorities.authority("root-1")
    root.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    report = ask(house.document, "--trust", root)
    assert said(report) == ("INDETERMINATE", "REVOKED_NO_POE", "INTACT")


def test_without_a_home_the_named_trust_is_all_there_is(
    house: House, ask: Ask, tmp_path: Path, hierarchy: Hierarchy, b_lta: bytes
) -> None:
    nowhere = Services(home=tmp_path / "nothing")
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "root.pem").write_bytes(hierarchy.root.pem)
    (folder / "notes.txt").write_text("not a certificate")
    document = tmp_path / "letter.pdf"
    document.write_bytes(b_lta)
    report = ask(document, "--trust", folder, services=nowhere)
    assert said(report) == ("TOTAL_PASSED", None, "INTACT")
    assert not (tmp_path / "nothing").exists()
    # The same words in the time of the signer: before the certificate began.
    report = ask(document, "--trust", folder, "--at", "2020-01-01T00:00:00Z", services=nowhere)
    assert said(report) == ("INDETERMINATE", "NOT_YET_VALID", "INTACT")


def test_it_is_said_in_lines_too(house: House) -> None:
    result = CliRunner().invoke(validate_document, [str(house.document)], obj=house.services)
    assert result.exit_code == 0
    assert result.stdout.startswith("letter.pdf: ")
    assert "TEST" in result.stdout


def test_what_is_no_document_is_refused(house: House, tmp_path: Path) -> None:
    from signing.documents.validation.errors import DocumentUnreadable

    path = tmp_path / "note.txt"
    path.write_text("hello")
    result = CliRunner().invoke(validate_document, [str(path)], obj=house.services)
    assert isinstance(result.exception, DocumentUnreadable)
