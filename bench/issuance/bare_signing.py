"""The limit as a subject: nothing but signatures, by python-pkcs11, in one session.

No pool, no check of a key's state, one handle found beforehand: what the module and its binding
can do. A question is ``{"key": name, "count": n}``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256, sha384
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11 import Attribute, Mechanism, ObjectClass

from bench.subject import Answer, answer_questions

# As long as the to-be-signed part of a person's certificate.
MESSAGE = bytes(900)

_SIGNERS: dict[str, tuple[Mechanism, Callable[[bytes], bytes]]] = {
    "ec-p256": (Mechanism.ECDSA, lambda message: sha256(message).digest()),
    "ec-p384": (Mechanism.ECDSA, lambda message: sha384(message).digest()),
    "rsa-3072": (Mechanism.SHA256_RSA_PKCS, lambda message: message),
}


def _prepare(configuration: Answer) -> Callable[[Answer], Answer]:
    library = pkcs11.lib(configuration["module"])
    token = library.get_token(token_label=configuration["token"])
    session = token.open(user_pin=Path(configuration["pin_file"]).read_text().strip())
    keys = {
        algorithm: _find(session, bytes.fromhex(key_id))
        for algorithm, key_id in configuration["keys"].items()
    }
    return partial(_sign, keys)


def _find(session: Any, key_id: bytes) -> Any:
    wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: key_id}
    [key] = list(session.get_objects(wanted))
    return key


def _sign(keys: dict[str, Any], question: Answer) -> Answer:
    key = keys[question["key"]]
    mechanism, prepare = _SIGNERS[question["key"]]
    count: int = question["count"]
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        key.sign(prepare(MESSAGE), mechanism=mechanism)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"count": count, "cpu_seconds": cpu, "wall_seconds": wall}


if __name__ == "__main__":
    answer_questions(_prepare)
