"""The seal of a development home: an institution that there is not, signing documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ca.csr import verify_csr
from ca.plan import CertificateRequest
from hsm.keys import KeyAlgorithm, KeyRecord, KeyState
from hsm.private_keys import as_private_key, hash_for
from hsm.settings import SEALS_TOKEN

if TYPE_CHECKING:
    from camtrust.wiring import Services

SEAL = "seal"
PROFILE = "organization-seal"
# The business register gives no number of this form.
INSTITUTION = "NTRKH-TEST0001"
HOLDER = f"organization:{INSTITUTION}"
_FACTS = {
    "organization_name": "Test Ministry",
    "organization_identifier": INSTITUTION,
    "common_name": "Test Ministry Document Seal",
}


def make_development_seal(services: Services) -> bool:
    """Make the key and have it certified, unless that was done; return whether it was made now.

    Run again after a crash it certifies the key that is there.
    """
    record = _key(services)
    made = not services.registration.register.of_key(record.key_id)
    if made:
        key = as_private_key(services.keys.signing_key(record.key_id))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _FACTS["common_name"])])
        builder = x509.CertificateSigningRequestBuilder().subject_name(name)
        csr = builder.sign(key, hash_for(record.algorithm)).public_bytes(Encoding.DER)
        services.issuance.issue(
            CertificateRequest(
                profile=PROFILE,
                csr=verify_csr(csr),
                holder=HOLDER,
                facts=_FACTS,
            )
        )
    return made


def _key(services: Services) -> KeyRecord:
    for record in services.keys.records():
        if (record.token, record.label, record.state) == (SEALS_TOKEN, SEAL, KeyState.ACTIVE):
            return record
    record = services.keys.generate(token=SEALS_TOKEN, label=SEAL, algorithm=KeyAlgorithm.EC_P256)
    return services.keys.change_state(
        record.key_id, KeyState.ACTIVE, reason="seals documents in development"
    )
