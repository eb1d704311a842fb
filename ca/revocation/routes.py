"""Where anyone reports a compromised key: ``POST /ca/compromised-keys``."""

from __future__ import annotations

import base64
import json

from flask import Blueprint, Response, request

from ca.revocation.compromised_keys import CompromisedKeys, CompromiseReport
from ca.revocation.errors import ProofRefused
from ca.revocation.possession import (
    LARGEST_PROOF_OCTETS,
    key_proven_by_request,
    key_proven_by_signature,
)
from core.web.access_control import public
from core.web.limits import limited
from hsm.keys import PublicKey

# RFC 5967.
REQUEST_TYPE = "application/pkcs10"
JSON_TYPE = "application/json"
# Each report of a new key stays in the log for ever.
REPORTS = "30 per hour"


def compromise_blueprint(compromised_keys: CompromisedKeys) -> Blueprint:
    """Return the route; it needs no sign-in, and wants a limit on its rate."""
    blueprint = Blueprint("compromised_keys", __name__)

    @blueprint.post("/ca/compromised-keys")
    @public
    @limited(REPORTS)
    def report_compromised_key() -> Response:
        report = compromised_keys.report(_proven_key())
        status = 201 if report.newly_blocked else 200
        return Response(json.dumps(_facts(report)), status=status, content_type=JSON_TYPE)

    return blueprint


def _proven_key() -> PublicKey:
    # A JSON document is half as long again as what it carries; the rest is looked at below.
    body = request.stream.read(2 * LARGEST_PROOF_OCTETS)
    if request.mimetype == REQUEST_TYPE:
        return key_proven_by_request(body)
    if request.mimetype != JSON_TYPE:
        raise ProofRefused(f"A proof is sent as {REQUEST_TYPE} or {JSON_TYPE}.")
    try:
        proof = json.loads(body)
        public_key_pem = proof["public_key"].encode()
        signature = base64.b64decode(proof["signature"], validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProofRefused('A proof is {"public_key": PEM, "signature": base64}.') from error
    return key_proven_by_signature(public_key_pem, signature)


def _facts(report: CompromiseReport) -> dict[str, object]:
    return {
        "authorities": list(report.authorities),
        "newly_blocked": report.newly_blocked,
        "public_key_sha256": report.public_key_sha256,
        "revoked": [
            {"authority": one.authority, "serial_number": f"{one.serial_number:x}"}
            for one in report.revoked
        ],
    }
