"""Asking a witness for its cosignature (c2sp.org/tlog-witness, the client's side)."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from core.errors import Malformed, Unavailable
from core.transparency.checkpoint import Checkpoint, parse_decimal
from core.transparency.cosignature import verify_cosignature
from core.transparency.errors import NotProven
from core.transparency.notes import NoteSignature, VerifierKey, parse_signature_lines
from core.transparency.witness import AddCheckpoint, OtherHistory

TIMEOUT_SECONDS = 5.0
_MAX_ANSWER_OCTETS = 64 * 1024
# Once to learn the witness's size, once with the proof, once more if another asked meanwhile.
_ATTEMPTS = 3

# Gives the consistency proof from an old size to the checkpoint's.
Prover = Callable[[int], list[bytes]]


class WitnessUnavailable(Unavailable):
    """The witness did not answer, or not in its protocol."""

    problem = "witness-unavailable"
    title = "A witness is away"


class WitnessClient:
    """One witness: its key, and the prefix under which it answers."""

    def __init__(
        self, *, key: VerifierKey, url: str, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a witness's URL begins with http:// or https:// and has a host")
        self.key = key
        self._timeout = timeout_seconds
        self._encrypted = parts.scheme == "https"
        self._address = (parts.hostname, parts.port)
        self._path = parts.path.rstrip("/") + "/add-checkpoint"
        self._last_size = 0

    def cosign(self, checkpoint: Checkpoint, prove: Prover) -> tuple[NoteSignature, ...]:
        """Return the witness's cosignatures on ``checkpoint``, verified.

        Raises OtherHistory when the witness knows a larger tree or another one of that size,
        NotProven when it refuses the proof or its cosignature is wrong, WitnessUnavailable.
        """
        for _attempt in range(_ATTEMPTS):
            # A witness that saw more answers with its size, and that is then the refusal.
            old_size = min(self._last_size, checkpoint.size)
            request = AddCheckpoint(old_size, tuple(prove(old_size)), checkpoint)
            status, body = self._post(request.encode())
            if status == HTTPStatus.CONFLICT:
                self._learn_size(body, checkpoint, old_size)
            elif status == HTTPStatus.OK:
                self._last_size = checkpoint.size
                return self._verified(body, checkpoint)
            elif status == HTTPStatus.UNPROCESSABLE_ENTITY:
                raise NotProven(f"{self.key.name} refuses the log's consistency proof.")
            else:
                raise WitnessUnavailable(f"{self.key.name} answered with the number {status}.")
        raise WitnessUnavailable(f"{self.key.name} changed its mind {_ATTEMPTS} times.")

    def _learn_size(self, body: bytes, checkpoint: Checkpoint, asked: int) -> None:
        try:
            size = parse_decimal(body.decode("ascii").removesuffix("\n"))
        except (UnicodeDecodeError, Malformed) as error:
            raise WitnessUnavailable(f"{self.key.name} answered without its size.") from error
        if size > checkpoint.size or size == asked:
            raise OtherHistory(
                f"{self.key.name} has cosigned another history of {size} entries.", size=size
            )
        self._last_size = size

    def _verified(self, body: bytes, checkpoint: Checkpoint) -> tuple[NoteSignature, ...]:
        try:
            signatures = parse_signature_lines(body.decode("utf-8"))
        except (UnicodeDecodeError, Malformed) as error:
            raise WitnessUnavailable(f"{self.key.name} answered without a cosignature.") from error
        own = self.key.own(signatures)
        if not own:
            raise NotProven(f"{self.key.name} answered, but not with the key that we know.")
        for one in own:
            verify_cosignature(checkpoint.note, one, self.key)
        return tuple(own)

    def _post(self, body: bytes) -> tuple[int, bytes]:
        kind = http.client.HTTPSConnection if self._encrypted else http.client.HTTPConnection
        connection = kind(*self._address, timeout=self._timeout)
        try:
            connection.request("POST", self._path, body, {"Content-Type": "text/plain"})
            response = connection.getresponse()
            return response.status, response.read(_MAX_ANSWER_OCTETS)
        except (OSError, http.client.HTTPException) as error:
            raise WitnessUnavailable(f"{self.key.name} does not answer.") from error
        finally:
            connection.close()
