"""Clients that ask for status all the time, and judge every answer by what a client can know."""

from __future__ import annotations

import base64
import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp

TYPE = "application/ocsp-request"
# Bounded: a hundred requests a second leave the processors to what is tested.
PAUSE_SECONDS = 0.02
CLIENTS = 2


@dataclass(frozen=True)
class Question:
    """A request about one certificate, and what it is called in the counts."""

    name: str
    octets: bytes
    # Never issued: nobody may ever say good of it.
    is_issued: bool = True


@dataclass
class Load:
    """Asks questions in a few threads until it is stopped.

    ``wrong`` says what no client may ever see; ``answers`` counts (name, what was said).
    ``silences`` has the longest time without a signed answer about each name, in seconds.
    """

    port: int
    questions: Sequence[Question]
    wrong: list[str] = field(default_factory=list)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    silences: dict[str, float] = field(default_factory=dict)
    responders: set[bytes] = field(default_factory=set)
    _revoked_at: dict[str, float] = field(default_factory=dict)
    _last: dict[str, float] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin to ask."""
        now = time.monotonic()
        self._last = {one.name: now for one in self.questions}
        self.silences = dict.fromkeys(self._last, 0.0)
        for number in range(CLIENTS):
            thread = threading.Thread(target=self._ask_on, args=(random.Random(number),))
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def no_longer_good(self, name: str, *, within: float) -> None:
        """From ``within`` seconds on, "good" is a wrong answer about this name."""
        self._revoked_at[name] = time.monotonic() + within

    def count(self) -> Mapping[tuple[str, str], int]:
        """Return what was said up to now."""
        with self._lock:
            return dict(self.answers)

    def wait_for(self, name: str, said: str, *, seconds: float) -> None:
        """Wait until one more answer of this kind has come."""
        before = self.answers[name, said]
        deadline = time.monotonic() + seconds
        while self.answers[name, said] == before:
            assert time.monotonic() < deadline, f"{name} is not {said}: {self.count()}"
            time.sleep(0.05)

    def _ask_on(self, choice: random.Random) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self._stop.is_set():
            question = choice.choice(self.questions)
            asked_at = time.monotonic()
            try:
                status, body = _ask(connection, question.octets, by_get=choice.random() < 0.5)
            except (OSError, http.client.HTTPException) as error:
                self._note(question, f"no answer: {type(error).__name__}")
                connection.close()
            else:
                self._note(question, self._judge(question, status, body, asked_at))
            time.sleep(PAUSE_SECONDS)
        connection.close()

    def _judge(self, question: Question, status: int, body: bytes, asked_at: float) -> str:
        if status != 200:
            return self._blame(question, f"HTTP {status}")
        answer = ocsp.load_der_ocsp_response(body)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            if answer.response_status is ocsp.OCSPResponseStatus.INTERNAL_ERROR:
                self._blame(question, "internalError")
            return answer.response_status.name.lower()
        said = answer.certificate_status.name.lower()
        for fault in _faults(answer, datetime.now(UTC)):
            self._blame(question, fault)
        if said == "good" and not question.is_issued:
            self._blame(question, "good of what was never issued")
        if said == "good" and asked_at > self._revoked_at.get(question.name, float("inf")):
            self._blame(question, "good of what was revoked before")
        with self._lock:
            self.responders.add(answer.responder_key_hash or b"")
        return said

    def _note(self, question: Question, said: str) -> None:
        now = time.monotonic()
        with self._lock:
            self.answers[question.name, said] += 1
            if said in {"good", "revoked"}:
                silence = now - self._last[question.name]
                self.silences[question.name] = max(self.silences[question.name], silence)
                self._last[question.name] = now

    def _blame(self, question: Question, what: str) -> str:
        with self._lock:
            self.wrong.append(f"{question.name}: {what}")
        return what


def _ask(
    connection: http.client.HTTPConnection, octets: bytes, *, by_get: bool
) -> tuple[int, bytes]:
    if by_get:
        encoded = quote(base64.b64encode(octets).decode(), safe="")
        connection.request("GET", f"/ocsp/{encoded}")
    else:
        connection.request("POST", "/ocsp", body=octets, headers={"Content-Type": TYPE})
    response = connection.getresponse()
    return response.status, response.read()


def _faults(answer: ocsp.OCSPResponse, now: datetime) -> list[str]:
    """Say what a client would refuse, but for the chain."""
    found = []
    [responder] = answer.certificates
    second = timedelta(seconds=1)
    if answer.next_update_utc is None or answer.next_update_utc + second < now:
        found.append("an answer that has run out")
    elif answer.next_update_utc > responder.not_valid_after_utc:
        found.append("an answer that outlives its responder")
    if answer.this_update_utc > now + second:
        found.append("an answer from the future")
    if not _is_signed(answer, responder):
        found.append("a signature that does not verify")
    return found


def _is_signed(answer: ocsp.OCSPResponse, responder: x509.Certificate) -> bool:
    key, hashed = responder.public_key(), answer.signature_hash_algorithm
    assert hashed is not None
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), hashed)
        else:
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(hashed))
    except InvalidSignature:
        return False
    return True
