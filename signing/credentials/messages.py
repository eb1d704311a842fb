"""Bodies of ``/signing/v1/credentials``."""

from __future__ import annotations

from typing import Annotated, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BaseModel, ConfigDict, Field

from hsm.keys import KeyAlgorithm
from signing.credentials.credential import Credential
from signing.credentials.making import LONGEST_LABEL

LONGEST_ASSERTION = 8_192
Pin = Annotated[str, Field(min_length=1, max_length=64)]


class Message(BaseModel):
    """A message: an unknown member is a mistake, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NewKeyMessage(Message):
    """A seal key of the program's organization, as it is to be made."""

    label: str = Field(min_length=1, max_length=LONGEST_LABEL, description="For people.")
    algorithm: KeyAlgorithm = Field(default=KeyAlgorithm.EC_P256)
    pin: Pin = Field(description="Opens the key for each authorization. It cannot be recovered.")


class ProofMessage(Message):
    """What a program proves itself with, whose access token is bound to no certificate."""

    client_assertion: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_ASSERTION,
        description="A JWT of your program (RFC 7523) with the members credentialID, and act: "
        "`change-pin`, `certification-request`, `suspend` or `destroy`. Left out with an access "
        "token that is bound to your certificate (RFC 8705).",
    )


class PinMessage(ProofMessage):
    """The PIN of a key."""

    pin: Pin


class PinChangeMessage(ProofMessage):
    """The PIN of a key, and the one that takes its place."""

    pin: Pin
    new_pin: Pin


class KeyView(BaseModel):
    """A signing key. ``csr`` is there when it was just made or asked for."""

    id: str
    label: str
    algorithm: KeyAlgorithm
    state: str
    certificate_serial_number: str | None = Field(description="In hex, once it was issued.")
    made_at: str
    csr: str | None = Field(default=None, description="PKCS #10 in PEM, signed by the key.")


class KeysView(BaseModel):
    """The signing keys of the program's organization."""

    credentials: list[KeyView]


def view_of_key(key: Credential, request_der: bytes | None = None) -> dict[str, Any]:
    """Return what the API says of a key."""
    number = key.serial_number
    csr = None
    if request_der is not None:
        csr = x509.load_der_x509_csr(request_der).public_bytes(Encoding.PEM).decode()
    return {
        "id": key.id,
        "label": key.label,
        "algorithm": key.algorithm,
        "state": str(key.state),
        "certificate_serial_number": None if number is None else f"{number:x}",
        "made_at": key.made_at.isoformat(),
        "csr": csr,
    }
