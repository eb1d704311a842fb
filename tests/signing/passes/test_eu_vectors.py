"""dgc-testdata: each file's steps, each with the result that its country expects.

A step whose inputs are not in a file is left out, as the source's README has it.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from signing.passes.codecs import base45, cbor, compression
from signing.passes.codecs.cose import read_claims, read_sign1
from signing.passes.errors import PassRefused
from signing.passes.formats.recognition import open_codes
from signing.passes.rules.schema import schema
from signing.passes.scanning import codes_of
from signing.passes.settings import PassSettings
from signing.passes.statuses import Status
from signing.passes.trust.certificates import read_certificate
from signing.passes.trust.signers import Signer, TrustStore
from signing.passes.verdict import Verdict
from tests.signing.passes import vectors
from tests.signing.passes.issuers import hc1_of, verify

MOST = PassSettings().largest_content
NAMES = vectors.names("eudcc/*/2DCode/raw/*.json") + vectors.names("ve-examples/*.json")

# Upstream's own list (tests/known_issues.csv), or what is wrong with a file by its own standard:
# the step, and why the result is not the expected one.
KNOWN = {
    ("eudcc/BG/2DCode/raw/1.json", "EXPECTEDSCHEMAVALIDATION"): "upstream issue 298: v, t and r",
    ("eudcc/BG/2DCode/raw/2.json", "EXPECTEDSCHEMAVALIDATION"): "upstream issue 298: v, t and r",
    ("eudcc/RO/2DCode/raw/2.json", "EXPECTEDSCHEMAVALIDATION"): "upstream issue 356: two doses",
    ("eudcc/ES/2DCode/raw/401.json", "EXPECTEDVERIFY"): "upstream issue 228: another certificate",
    ("eudcc/ES/2DCode/raw/403.json", "EXPECTEDVERIFY"): "upstream issue 228: another certificate",
    ("ve-examples/ve_good.json", "EXPECTEDUNPREFIX"): "AT1: is Austria's own, and not read here",
    ("ve-examples/ve_bad_wrongcert.json", "EXPECTEDUNPREFIX"): "AT1: is Austria's own",
}

# Where the signature could be judged, whatever else is wrong.
AUTHENTIC = frozenset(Status) - {
    Status.NOT_SUPPORTED,
    Status.INVALID_ENCODING,
    Status.INVALID_COMPRESSION,
    Status.KID_NOT_INCLUDED,
    Status.ISSUER_NOT_TRUSTED,
    Status.INVALID_SIGNATURE,
}


class Vector:
    def __init__(self, name: str) -> None:
        self.name = name
        self.document = vectors.document(name)
        self.context = self.document["TESTCTX"]

    def expected(self, step: str) -> bool | None:
        found: bool | None = self.document["EXPECTEDRESULTS"].get(step)
        return found

    def has(self, *fields: str) -> bool:
        return all(self.document.get(one) for one in fields)

    def octets(self, field: str) -> bytes:
        return bytes.fromhex(self.document[field])

    @property
    def code(self) -> str:
        text: str = self.document["PREFIX"]
        return text

    @property
    def trust(self) -> TrustStore:
        # Austria's own certificates (AT1:) have a list of signers of their own.
        field = "AT_CERTIFICATE" if self.code.startswith("AT1:") else "CERTIFICATE"
        certificate = read_certificate(base64.b64decode(self.context[field]))
        return TrustStore((Signer(certificate.key, self.name, certificate, certificate.country),))

    @property
    def clock(self) -> datetime:
        text = self.context["VALIDATIONCLOCK"]
        whole, _, fraction = text.partition(".")
        # Python reads six digits of a second; some files have nine.
        digits = fraction.rstrip("Z").partition("+")[0]
        found = datetime.fromisoformat(text.replace(digits, digits[:6]) if fraction else whole)
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    @property
    def certificate(self) -> Any:
        """The health certificate of CBOR, which some countries give with the claims around it."""
        value = cbor.decode(self.octets("CBOR"))
        return value[-260][1] if -260 in value else value

    def verdict(self, code: str | None = None) -> Verdict:
        text = hc1_of(self.octets("COSE")) if code is None else code
        return verify(text, trust=self.trust, at=self.clock)


def same(one: bytes, other: bytes) -> bool:
    return bool(cbor.decode(one) == cbor.decode(other))


def picture_decodes(vector: Vector) -> bool:
    return codes_of(base64.b64decode(vector.document["2DCODE"]), PassSettings()) == [vector.code]


def unprefixes(vector: Vector) -> bool:
    if not vector.code.startswith("HC1:"):
        return False
    return not vector.has("BASE45") or vector.code[4:] == vector.document["BASE45"]


def base45_decodes(vector: Vector) -> bool:
    octets = base45.decode(vector.document["BASE45"])
    if vector.has("COMPRESSED"):
        return octets == vector.octets("COMPRESSED")
    return compression.inflate(octets, most=MOST) == vector.octets("COSE")


def inflates(vector: Vector) -> bool:
    return compression.inflate(vector.octets("COMPRESSED"), most=MOST) == vector.octets("COSE")


def decodes(vector: Vector) -> bool:
    if not vector.has("COSE"):
        return bool(vector.certificate == vector.document["JSON"])
    claims = read_claims(read_sign1(vector.octets("COSE")))
    return bool(claims[-260][1] == vector.certificate)


def is_the_json(vector: Vector) -> bool:
    octets = compression.inflate(base45.decode(vector.code[4:]), most=MOST)
    return bool(read_claims(read_sign1(octets))[-260][1] == vector.document["JSON"])


def follows_the_schema(vector: Vector) -> bool:
    return schema("dcc").faults(vector.certificate) == []


def verifies(vector: Vector) -> bool:
    return vector.verdict().status in AUTHENTIC


def is_in_time(vector: Vector) -> bool:
    # The step is about the claims alone; some of its files are signed by nobody.
    opened = open_codes([hc1_of(vector.octets("COSE"))], PassSettings())
    assert opened.expires_at is not None
    assert opened.issued_at is not None
    return opened.issued_at <= vector.clock <= opened.expires_at


def may_be_signed_by(vector: Vector) -> bool:
    return verifies(vector) and vector.verdict().status is not Status.WRONG_KEY_USAGE


STEPS = {
    "EXPECTEDPICTUREDECODE": (picture_decodes, ("2DCODE", "PREFIX")),
    "EXPECTEDUNPREFIX": (unprefixes, ("PREFIX",)),
    "EXPECTEDB45DECODE": (base45_decodes, ("BASE45", "COSE")),
    "EXPECTEDCOMPRESSION": (inflates, ("COMPRESSED", "COSE")),
    "EXPECTEDDECODE": (decodes, ("CBOR", "JSON")),
    "EXPECTEDVALIDJSON": (is_the_json, ("PREFIX", "JSON", "COSE")),
    "EXPECTEDSCHEMAVALIDATION": (follows_the_schema, ("CBOR",)),
    "EXPECTEDVERIFY": (verifies, ("COSE",)),
    "EXPECTEDEXPIRATIONCHECK": (is_in_time, ("COSE",)),
    "EXPECTEDKEYUSAGE": (may_be_signed_by, ("COSE",)),
}


def steps() -> list[tuple[str, str]]:
    """Each file with each step that it has an expectation and the inputs for."""
    present = [name for name in NAMES if (vectors.VECTORS / name).exists()]
    found = [
        (name, step)
        for name, vector in ((name, Vector(name)) for name in present)
        for step, (_, fields) in STEPS.items()
        if vector.expected(step) is not None and vector.has(*fields)
        # Austria's exemptions from vaccination follow a schema of their own.
        if not (step == "EXPECTEDSCHEMAVALIDATION" and vector.code.startswith("AT1:"))
    ]
    return found or [(NAMES[0], next(iter(STEPS)))]


@pytest.mark.parametrize(("name", "step"), steps())
def test_a_step_ends_as_its_country_expects(name: str, step: str) -> None:
    vector = Vector(name)
    check, _ = STEPS[step]
    expected = vector.expected(step)
    try:
        passed = check(vector)
    except PassRefused:
        passed = False
    if (name, step) in KNOWN:
        assert passed is not expected, "an error of upstream's that is none: take it off the list"
        return
    assert passed is expected


def sound() -> list[Any]:
    """Files whose every step is to succeed, with a code to go through the whole chain."""
    found = []
    for name in NAMES:
        path = vectors.VECTORS / name
        if not path.exists():
            continue
        vector = Vector(name)
        results = vector.document["EXPECTEDRESULTS"].values()
        if any(known == name for known, step in KNOWN if step != "EXPECTEDUNPREFIX"):
            continue
        if all(one is not False for one in results) and vector.has("PREFIX", "COSE", "BASE45"):
            found.append(pytest.param(name, id=name))
    return found or [pytest.param(NAMES[0])]


@pytest.mark.parametrize("name", sound())
def test_the_code_of_a_sound_file_is_never_called_altered_or_unreadable(name: str) -> None:
    vector = Vector(name)
    if not vector.code.startswith("HC1:"):
        assert vector.verdict(vector.code).status is Status.NOT_SUPPORTED
        return
    assert vector.verdict(vector.code).status in AUTHENTIC
