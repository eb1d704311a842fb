"""How a SubjectPublicKeyInfo of ours begins: octets that fix everything but the key itself."""

from __future__ import annotations

from typing import Final

# RFC 5480, Sections 2.1.1 and 2.2: named curve, uncompressed; RFC 8410, Section 4: no
# parameters. The octets before the key, and the length of the whole.
_FIXED: Final = {
    bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"): ("ec-p256", 91),
    bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004"): ("ec-p384", 120),
    bytes.fromhex("302a300506032b6570032100"): ("ed25519", 44),
}
# RFC 3279, Section 2.3.1: rsaEncryption with NULL, after a length of at most four octets.
RSA_ALGORITHM: Final = bytes.fromhex("300d06092a864886f70d0101010500")
_RSA_LATEST_END: Final = 24


def key_type_of(public_key_der: bytes) -> str | None:
    """Return ec-p256, ec-p384, ed25519 or rsa; None for any other encoding."""
    for prefix, (name, length) in _FIXED.items():
        if public_key_der.startswith(prefix):
            return name if len(public_key_der) == length else None
    return "rsa" if RSA_ALGORITHM in public_key_der[:_RSA_LATEST_END] else None
