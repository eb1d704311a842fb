"""How X.509 names the one signature algorithm of each key type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hsm.keys import KeyAlgorithm

# AlgorithmIdentifier, DER: RFC 5758, Section 3.2 (ECDSA, no parameters); RFC 4055, Section 5
# (RSA, NULL parameters); RFC 8410, Section 3 (Ed25519, no parameters).
SIGNATURE_ALGORITHM_DER: Final[Mapping[KeyAlgorithm, bytes]] = {
    KeyAlgorithm.EC_P256: bytes.fromhex("300a06082a8648ce3d040302"),
    KeyAlgorithm.EC_P384: bytes.fromhex("300a06082a8648ce3d040303"),
    KeyAlgorithm.RSA_3072: bytes.fromhex("300d06092a864886f70d01010b0500"),
    KeyAlgorithm.RSA_4096: bytes.fromhex("300d06092a864886f70d01010d0500"),
    KeyAlgorithm.ED25519: bytes.fromhex("300506032b6570"),
}
