"""Notes, keys and checkpoints, with published ones as vectors."""

from __future__ import annotations

import base64
import struct
from hashlib import sha256

import pytest

from core.transparency.checkpoint import Checkpoint, TreeHead
from core.transparency.cosignature import cosign, cosigner_key
from core.transparency.errors import NoteMalformed, NotProven
from core.transparency.notes import SignedNote, VerifierKey, verify_note
from tests.conftest import SettableClock
from tests.core.transparency.doubles import ORIGIN, WITNESS, SoftwareSigner

# The key of the Go checksum database, as every Go installation carries it.
GO_SUM_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
# The example in the documentation of Go's golang.org/x/mod/sumdb/note.
GO_NOTE_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
""".encode()  # noqa: E501 - as published
# The example of c2sp.org/tlog-cosignature; its keys are not published.
SPECIFICATION_EXAMPLE = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
""".encode()  # noqa: E501 - as published
HEAD = TreeHead(7, bytes(range(32)))


@pytest.fixture
def checkpoint() -> Checkpoint:
    return Checkpoint.sign(HEAD, SoftwareSigner())


@pytest.fixture
def key() -> VerifierKey:
    return VerifierKey(ORIGIN, SoftwareSigner().public_key)


def test_a_published_verifier_key_is_read_and_written_back() -> None:
    key = VerifierKey.parse(GO_SUM_VKEY)
    assert key.name == "sum.golang.org"
    assert key.vkey() == GO_SUM_VKEY


def test_a_note_that_another_implementation_signed_verifies() -> None:
    key = VerifierKey.parse(GO_NOTE_VKEY)
    verify_note(SignedNote.parse(GO_NOTE), key)
    with pytest.raises(NotProven):
        verify_note(SignedNote.parse(GO_NOTE.replace(b"answer", b"Answer")), key)


def test_the_specification_s_example_is_read_and_written_back() -> None:
    checkpoint = Checkpoint.parse(SPECIFICATION_EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.encode() == SPECIFICATION_EXAMPLE
    assert [one.key_id.hex() for one in checkpoint.note.signatures] == ["033de0ae", "8d66cf3f"]
    assert int.from_bytes(checkpoint.note.signatures[1].signature[:8], "big") == 1679315147


def test_a_signed_checkpoint_verifies(checkpoint: Checkpoint, key: VerifierKey) -> None:
    again = Checkpoint.parse(checkpoint.encode())
    again.verify(key)
    assert again == checkpoint
    assert again.note.text == f"{ORIGIN}\n7\n{base64.b64encode(HEAD.root).decode()}\n"


def test_a_checkpoint_of_another_key_of_the_same_name_is_not_proven(
    checkpoint: Checkpoint,
) -> None:
    with pytest.raises(NotProven):
        checkpoint.verify(VerifierKey(ORIGIN, SoftwareSigner(seed=2).public_key))


def test_a_checkpoint_of_another_log_is_not_proven(checkpoint: Checkpoint) -> None:
    with pytest.raises(NotProven):
        checkpoint.verify(VerifierKey("other.example/log", SoftwareSigner().public_key))


def test_an_altered_text_is_not_proven(checkpoint: Checkpoint, key: VerifierKey) -> None:
    altered = checkpoint.encode().replace(b"\n7\n", b"\n8\n")
    with pytest.raises(NotProven):
        Checkpoint.parse(altered).verify(key)


def test_signatures_of_unknown_keys_are_ignored(
    checkpoint: Checkpoint, key: VerifierKey, clock: SettableClock
) -> None:
    stranger = cosign(checkpoint.note, SoftwareSigner("stranger.example", 9), clock.now())
    checkpoint.with_signatures((stranger,)).verify(key)


def test_one_wrong_signature_of_a_known_key_refuses_the_note(
    checkpoint: Checkpoint, key: VerifierKey
) -> None:
    good = checkpoint.note.signatures[0]
    bad = type(good)(good.name, good.key_id, bytes(64))
    with pytest.raises(NotProven):
        verify_note(SignedNote(checkpoint.note.text, (good, bad)), key)


def test_a_cosigner_s_key_does_not_stand_for_the_log_s(
    checkpoint: Checkpoint, clock: SettableClock
) -> None:
    # A witness named like the log must not be able to speak for it.
    namesake = SoftwareSigner(ORIGIN, 9)
    cosigned = checkpoint.with_signatures((cosign(checkpoint.note, namesake, clock.now()),))
    with pytest.raises(NotProven):
        cosigned.verify(cosigner_key(namesake))


def test_a_cosignature_names_its_algorithm_in_the_key_id() -> None:
    signer = SoftwareSigner(WITNESS, 2)
    assert cosigner_key(signer).key_id != VerifierKey(WITNESS, signer.public_key).key_id
    assert VerifierKey.parse(cosigner_key(signer).vkey()) == cosigner_key(signer)


def test_a_cosignature_signs_the_message_of_the_specification(
    checkpoint: Checkpoint, clock: SettableClock
) -> None:
    signer = SoftwareSigner(WITNESS, 2)
    line = cosign(checkpoint.note, signer, clock.now())
    seconds = int(clock.now().timestamp())
    # c2sp.org/tlog-cosignature, Format and Ed25519 signed message, put together by hand.
    raw_key = signer.public_key.public_bytes_raw()
    assert line.key_id == sha256(WITNESS.encode() + b"\n\x04" + raw_key).digest()[:4]
    assert line.signature[:8] == struct.pack(">Q", seconds)
    message = f"cosignature/v1\ntime {seconds}\n".encode() + checkpoint.encode().split(b"\n\n")[0]
    signer.public_key.verify(line.signature[8:], message + b"\n")
    assert line.line() == f"— {WITNESS} {base64.b64encode(line.key_id + line.signature).decode()}\n"


@pytest.mark.parametrize(
    ("defect", "vkey"),
    [
        ("wrong hash", GO_SUM_VKEY.replace("033de0ae", "033de0af")),
        ("no hash", "sum.golang.org+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"),
        ("short key", "a+00000000+AQID"),
        ("unknown type", "a+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode()),
        ("space in the name", GO_SUM_VKEY.replace("sum.", "sum ")),
        ("not base64", GO_SUM_VKEY[:-1] + "!"),
        ("empty", ""),
    ],
)
def test_a_defective_verifier_key_is_malformed(defect: str, vkey: str) -> None:
    with pytest.raises(NoteMalformed):
        VerifierKey.parse(vkey)


GOOD = Checkpoint.sign(HEAD, SoftwareSigner()).encode()
SIGNATURE = GOOD[GOOD.index("—".encode()) :]


@pytest.mark.parametrize(
    ("defect", "octets"),
    [
        ("no final newline", GOOD[:-1]),
        ("no signatures", GOOD[: GOOD.index("—".encode())]),
        ("no empty line", GOOD.replace(b"\n\n", b"\n")),
        ("leading zero in the size", GOOD.replace(b"\n7\n", b"\n07\n")),
        ("signed size", GOOD.replace(b"\n7\n", b"\n+7\n")),
        ("size beyond 63 bits", GOOD.replace(b"\n7\n", b"\n9999999999999999999\n")),
        ("digits that are not ASCII", GOOD.replace(b"\n7\n", "\n៧\n".encode())),
        ("short root hash", GOOD.replace(b"\n7\nAAEC", b"\n7\n")),
        ("base64 that is not canonical", GOOD.replace(b"Hh8=\n", b"Hh9=\n")),
        ("no origin", b"\n" + GOOD.partition(b"\n")[2]),
        ("a carriage return", GOOD.replace(b"\n7\n", b"\r\n7\n")),
        ("a NUL", b"\0" + GOOD),
        ("not UTF-8", b"\xff" + GOOD),
        ("a hyphen for the dash", GOOD.replace("—".encode(), b"-")),
        ("a signature without a name", GOOD.replace(f"— {ORIGIN} ".encode(), "—  ".encode())),
        ("too many signatures", GOOD + SIGNATURE * 32),
        ("too long", GOOD.replace(b"\n\n", b"\n" + b"x" * 300_000 + b"\n\n")),
        ("nothing", b""),
    ],
)
def test_a_defective_checkpoint_is_malformed(defect: str, octets: bytes) -> None:
    assert octets != GOOD
    with pytest.raises(NoteMalformed):
        Checkpoint.parse(octets)


def test_sixteen_signatures_are_accepted(checkpoint: Checkpoint, clock: SettableClock) -> None:
    many = tuple(
        cosign(checkpoint.note, SoftwareSigner(f"w{seed}.example", seed), clock.now())
        for seed in range(2, 17)
    )
    again = Checkpoint.parse(checkpoint.with_signatures(many).encode())
    assert len(again.note.signatures) == 16
