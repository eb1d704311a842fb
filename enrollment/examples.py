"""An example of each message that the API reads, for its description; a test validates them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CSR = "-----BEGIN CERTIFICATE REQUEST-----\nMIIBFjCBvQIBADBb…\n-----END CERTIFICATE REQUEST-----\n"
_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
_FACTS = {"organization_name": "Ministry of Examples", "common_name": "meter-7"}
_WHERE = {"profile": "person-signing", "issued_from": "2026-11-01T00:00:00Z"}

# By the name of the message. One without members needs none here.
EXAMPLES: Mapping[str, Any] = {
    "SubmissionMessage": {
        "profile": "person-signing",
        "csr": CSR,
        "holder": "person:IDCKH-012345678",
        "facts": {"surname": "Sok", "given_name": "Dara", "identifier": "IDCKH-012345678"},
    },
    "RefusalMessage": {"reason": "The photo is missing; apply again with it."},
    "QuestionMessage": {"question": "The list says Sok Dara, you say Sok Dary. Which is right?"},
    "AnswerMessage": {"answer": "Dara is right.", "facts": {"given_name": "Dara"}},
    "RevocationMessage": {"reason": "keyCompromise", "invalidity_date": "2026-11-20T00:00:00Z"},
    "GrantMessage": {
        "protocol": "est",
        "profile": "device",
        "holder": "device:meter-7",
        "facts": _FACTS | {"device_serial_number": "KH-0007"},
        "certificates_allowed": 1,
        "expires_at": "2027-11-01T00:00:00Z",
    },
    "CountMessage": {"where": _WHERE},
    "ProposalMessage": {
        "where": _WHERE,
        "reason": "keyCompromise",
        "justification": "A batch of tokens was made with keys that others know.",
    },
    "ClientMessage": {
        "name": "Staff system",
        "institution": "moh",
        "auth_method": "private_key_jwt",
        "scopes": ["application:submit", "application:read-own"],
        "jwks": {"keys": [_KEY]},
    },
    "KeyMessage": {"jwk": _KEY},
    "CertificateMessage": {
        "certificate": "-----BEGIN CERTIFICATE-----\nMIIC…\n-----END CERTIFICATE-----\n"
    },
    "WebhookMessage": {
        "url": "https://hooks.moh.example/pki",
        "events": ["application.decided", "certificate.issued", "certificate.revoked"],
    },
    "InstitutionMessage": {
        "id": "moh",
        "kind": "ministry",
        "name_km": "ក្រសួងគំរូ",
        "name_latin": "Ministry of Examples",
        "mail_domains": ["moh.example"],
    },
    "RunMessage": {"institution": "moh"},
    "InvitedMessage": {"institution": "moh", "staff_number": "0017"},
    "SlipMessage": {"institution": "moh", "staff_number": "0017", "document": "national-id"},
    "ActMessage": {
        "path": "/enrollment/v1/applications/01939a6f0a4b7c3d8e2f1a0b9c8d7e6f/approval",
        "body": {},
    },
    "BundleMessage": {"staff_number": "0017", "requests": {"person-signing": CSR}},
    "RenewalMessage": {"csr": CSR},
    "ObjectionMessage": {
        "staff_number": "0017",
        "about": "listed-data",
        "text": "The name is written with another letter.",
    },
    "AnswerToObjectionMessage": {"outcome": "accepted", "answer": "The list was put right."},
    "AcceptanceMessage": {"accept": True, "rows": [3, 17]},
    "ListApprovalMessage": {"revision": 2},
    "EscrowSearchMessage": {"holder": "person:IDCKH-012345678"},
    "RecoveryMessage": {
        "escrowed_key": "019abc0d5e6f7a8b9c0d1e2f3a4b5c6d",
        "reason": "The holder's token broke, and the letters of a year are sealed for it.",
    },
}
