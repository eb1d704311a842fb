"""Passes damaged on purpose, by a seeded chance: in text, in octets, and in what is signed."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import cbor2

from signing.passes.codecs import base45, base64url, cbor, compression, numeric, strict_json
from tests.signing.passes import issuers
from tests.signing.passes.issuers import ES256, NOW, Issuer, hc1_of, seconds

# What stands in the place of something else.
STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 1.5, -0.0, 2**53, 2**63, -(2**63), "", " ", "x", "UT", "CH",
    "DE", "2026-02-30", "2026-05-02", "2026-11-23T08:00:00Z", "2027-01-01T00:00:00+25:00",
    "19900412", "1990-04", "3.1", "1.2.3", "é", "សុខ", "a\u2028b", "\U0001f600" * 41, "x" * 81,
    [], {}, [[]], [{}], [1, 2], {"a": 1}, seconds(NOW), seconds(NOW) + 59.5, seconds(NOW) + 61,
    seconds(NOW) * 1000, 253_402_300_799, 253_402_300_800, "__proto__", "constructor",
    "260373001", "URN:UVCI:01:UT:187/37512422923#Z", "https://health.example/", "positive",
)  # fmt: skip
IN_CBOR: tuple[Any, ...] = (
    b"", b"\0", b"octets", cbor2.undefined, cbor2.CBORTag(1, seconds(NOW)), cbor2.CBORTag(0, "x"),
    cbor2.CBORTag(18, []), cbor2.CBORTag(55799, 1), 2**64, float("nan"), float("inf"),
    cbor2.CBORSimpleValue(19),
)  # fmt: skip
KEYS: tuple[Any, ...] = (1, 2, 3, 4, 5, 6, -6, -260, 169, 8, 16, "v", "t", "r", "vx", "dt", "x")
ALGORITHMS: tuple[Any, ...] = (-7, -37, -35, -36, -8, -7.0, 0, None, "ES256", 2**63, True)
MOMENTS = (
    NOW, NOW, NOW, NOW, NOW - timedelta(days=2), NOW + timedelta(days=200),
    NOW + timedelta(days=400), NOW - timedelta(days=400), NOW + timedelta(milliseconds=1),
)  # fmt: skip
_BASE45 = base45.ALPHABET
_LETTERS = _BASE45 + 'abcxyz{}[]",:=_\n\t\u00a0é០\U0001f600'


class Mutations:
    """Makes damaged passes of one issuer, the same ones for the same seed."""

    def __init__(self, issuer: Issuer, seed: int) -> None:
        self.issuer = issuer
        self.chance = random.Random(seed)

    def codes(self, count: int) -> Iterator[tuple[str, datetime]]:
        """Return damaged codes, each with the instant at which it is judged."""
        ways = [
            self.text, self.inflated, self.message, self.payload, self.payload,
            self.hc1_claims, self.hc1_claims, self.hc1_claims, self.headers, self.identity,
            self.card, self.card, self.card_text, self.card_header,
            self.seal, self.seal, self.seal_text, self.signature, self.chunk,
        ]  # fmt: skip
        for number in range(count):
            yield ways[number % len(ways)](), self.chance.choice(MOMENTS)

    # What is signed, damaged before it is signed.

    def contents(self) -> dict[Any, Any]:
        return self.chance.choice(
            [
                lambda: issuers.claims(),
                lambda: issuers.claims(issuers.icvp(), sub_claim=-6),
                lambda: issuers.claims(issuers.draft_icvp(), sub_claim=-6),
                lambda: issuers.claims(_ddcc(), sub_claim=3),
                lambda: _ddcc() | {1: "UT", 4: seconds(NOW) + 60},
                lambda: issuers.claims(result_of_test()),
                lambda: issuers.claims(_recovery()),
            ]
        )()

    def hc1_claims(self) -> str:
        return hc1_of(self.signed(_packed(self.damaged(self.contents(), IN_CBOR))))

    def identity(self) -> str:
        claims = self.damaged(issuers.identity(), IN_CBOR)
        return base45.encode(compression.deflate(self.signed(_packed(claims))))

    def payload(self) -> str:
        """Octets of the claims are changed, and signed as they are."""
        which = self.chance.choice([self.contents(), issuers.identity()])
        message = self.signed(self.octets(cbor2.dumps(which)))
        return hc1_of(message) if 169 not in which else base45.encode(compression.deflate(message))

    def headers(self) -> str:
        pick = self.chance.choice
        protected = {1: pick(ALGORITHMS), 4: pick([self.issuer.kid, b"", "kid", None, b"unknown!"])}
        if self.chance.random() < 0.3:
            protected[pick([2, 3, "x", 99])] = pick(STRANGE)
        if self.chance.random() < 0.3:
            protected.pop(pick([1, 4]))
        unprotected = pick([{}, {4: self.issuer.kid}, {1: ES256}, {2: [1]}, {4: 7}])
        header = self.maybe(_packed(protected), self.octets)
        return hc1_of(self.signed(_packed(self.contents()), header, unprotected))

    def card(self) -> str:
        return numeric.encode(self.jws(_text_of(self.damaged(issuers.card(), ()))))

    def card_text(self) -> str:
        """The payload is changed as text: spellings that JSON has several of."""
        text = self.letters(json.dumps(issuers.card(), ensure_ascii=self.chance.random() < 0.5))
        return self.jws(text.encode("utf-8", "surrogatepass"))

    def card_header(self) -> str:
        thumbprint = self.issuer.signer().thumbprint
        head: Any = {"zip": "DEF", "alg": "ES256", "kid": thumbprint}
        head[self.chance.choice([*head, "crit", "b64", "x5c"])] = self.chance.choice(
            [*STRANGE, "ES384", "none", "DEF", thumbprint]
        )
        return self.jws(_text_of(issuers.card()), head)

    def seal(self) -> str:
        data = self.chance.choice([issuers.seal_data(), issuers.proof_of_testing()])
        data = self.damaged(data, ())
        signed = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return json.dumps({"data": data, "sig": self.sig(signed.encode())})

    def seal_text(self) -> str:
        text = self.issuer.seal(issuers.seal_data())
        return self.letters(text, self.chance.choice([len(text), 300]))

    def signature(self) -> str:
        data = issuers.seal_data()
        sig: Any = self.sig(strict_json.canonical(data))
        member = self.chance.choice(["alg", "sigvl", "sigvl", "cer"])
        changed = self.letters(sig[member]) if member != "alg" else "ES384"
        sig[member] = self.chance.choice([changed, changed, *STRANGE[:6]])
        return json.dumps({"data": data, "sig": sig})

    # Codes that are whole, damaged afterwards.

    def whole(self) -> str:
        one = self.issuer
        return self.chance.choice(
            [
                lambda: one.hc1(self.contents()),
                lambda: one.shc(issuers.card()),
                lambda: one.jws(issuers.card()),
                lambda: one.seal(issuers.seal_data()),
                lambda: one.claim169(issuers.identity()),
                lambda: json.dumps({"verifiableCredential": [one.jws(issuers.card())]}),
            ]
        )()

    def text(self) -> str:
        return self.letters(self.whole())

    def inflated(self) -> str:
        """The compressed octets are changed."""
        packed = self.octets(compression.deflate(self.issuer.message(self.contents())))
        return "HC1:" + base45.encode(packed)

    def message(self) -> str:
        return hc1_of(self.octets(self.issuer.message(self.contents())))

    def chunk(self) -> str:
        digits = self.issuer.shc(issuers.card()).removeprefix("shc:/")
        head = self.chance.choice(["shc:/", "shc:/1/1/", "shc:/1/2/", "shc:/01/01/", "SHC:/"])
        return head + self.maybe(digits, lambda text: text[: self.chance.randrange(len(text))])

    # The parts of it.

    def maybe(self, value: Any, change: Callable[[Any], Any]) -> Any:
        return change(value) if self.chance.random() < 0.5 else value

    def signed(self, payload: bytes, header: bytes | None = None, unprotected: Any = None) -> bytes:
        protected = cbor.encode({1: ES256, 4: self.issuer.kid}) if header is None else header
        signature = self.issuer.sign(cbor.encode(["Signature1", protected, b"", payload]))
        parts = [protected, unprotected or {}, payload, signature]
        return cbor2.dumps(cbor2.CBORTag(18, parts))

    def jws(self, payload: bytes, head: Any = None) -> str:
        header = head or {"zip": "DEF", "alg": "ES256", "kid": self.issuer.signer().thumbprint}
        parts = [base64url.encode(_text_of(header))]
        parts.append(base64url.encode(compression.deflate(payload, raw=True)))
        text = ".".join(parts)
        return f"{text}.{base64url.encode(self.issuer.sign(text.encode()))}"

    def sig(self, octets: bytes) -> dict[str, str]:
        signature = base64.urlsafe_b64encode(self.issuer.sign(octets)).decode()
        return {"alg": "ES256", "cer": base64url.encode(self.issuer.der), "sigvl": signature}

    def octets(self, octets: bytes) -> bytes:
        found = bytearray(octets)
        for _ in range(self.chance.choice([1, 1, 1, 2, 5])):
            at = self.chance.randrange(len(found)) if found else 0
            match self.chance.randrange(5):
                case 0 | 1 if found:
                    found[at] ^= 1 << self.chance.randrange(8)
                case 2 if found:
                    found[at] = self.chance.randrange(256)
                case 3:
                    del found[at : at + self.chance.choice([1, 2, 50])]
                case _:
                    found[at:at] = self.chance.randbytes(self.chance.choice([1, 2]))
        return bytes(found)

    def letters(self, text: str, within: int | None = None) -> str:
        for _ in range(self.chance.choice([1, 1, 2])):
            at = self.chance.randrange(min(len(text), within or len(text)))
            letter = self.chance.choice(_LETTERS)
            match self.chance.randrange(6):
                case 0:
                    text = text[:at] + text[at + 1 :]
                case 1:
                    text = text[:at] + letter + text[at:]
                case 2:
                    text = text[:at] + self.chance.choice(SPELLINGS) + text[at:]
                case 3:
                    text = text[: at + 1]
                case _:
                    text = text[:at] + letter + text[at + 1 :]
        return text

    def damaged(self, content: Any, more: tuple[Any, ...]) -> Any:
        """Change one place of a content, or a few."""
        found = _copied(content)
        for _ in range(self.chance.choice([1, 1, 1, 2, 3])):
            places = list(_places(found))
            if not places:
                # Both members of a seal went: there is nothing left to change.
                break
            container, key = self.chance.choice(places)
            if isinstance(container, list) and key >= len(container):
                continue
            if isinstance(container, dict) and key not in container:
                continue
            self.change(container, key, (*STRANGE, *more))
        return found

    def change(self, container: Any, key: Any, values: tuple[Any, ...]) -> None:
        value = container[key]
        match self.chance.randrange(6):
            case 0:
                del container[key]
            case 1 if isinstance(container, dict):
                known = KEYS if any(type(one) is int for one in container) else ("x", "v", "vx")
                container[self.chance.choice(known)] = value
            case 2:
                container[key] = [value, _copied(value)]
            case 3:
                container[key] = [value]
            case _:
                container[key] = _copied(self.chance.choice(values))


SPELLINGS = (
    '"', "\\", "\\u0041", "\\ud83d\\ude00", "\\ud83d", "\\/", "\\x", "1.0", "1e2", "-0", "00",
    "NaN", "Infinity", "null",
    ",", '"a":1,', '"v": 1, ', '"is":"UTO",', "{}", "[[", " ", "\x01", "\ufeff",
    "9" * 25, "1E400", "\u2028", '"__proto__":1,',
)  # fmt: skip


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        yield value, key
        if isinstance(one, dict | list):
            yield from _places(one)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


def _packed(value: Any) -> bytes:
    return cbor2.dumps(value)


def _text_of(value: Any) -> bytes:
    return json.dumps(value).encode()


def _ddcc() -> dict[str, Any]:
    return {
        "name": "Dara Sok", "birthDate": "1990-04-12", "vaccine": {"code": "XM68M6"},
        "date": "2026-02-18", "dose": 1, "valid_from": "2026-03-01", "valid_until": "2027-03-01",
        "hcid": "HC-1", "country": "UTO",
    }  # fmt: skip


def result_of_test(**changes: Any) -> dict[str, Any]:
    """An EU certificate of a test, which found nothing."""
    test = {
        "tg": "840539006", "tt": "LP6464-4", "sc": "2026-11-22T14:00:00+08:00", "tr": "260415000",
        "co": "UT", "is": "Ministry", "ci": "URN:UVCI:01:UT:187/1",
    } | changes  # fmt: skip
    found = issuers.dcc(t=[test])
    del found["v"]
    return found


def _recovery() -> dict[str, Any]:
    recovery = {
        "tg": "840539006", "fr": "2026-08-01", "co": "UT", "is": "Ministry", "df": "2026-08-12",
        "du": "2027-02-01", "ci": "URN:UVCI:01:UT:187/2",
    }  # fmt: skip
    found = issuers.dcc(r=[recovery])
    del found["v"]
    return found
