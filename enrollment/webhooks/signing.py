"""What a message looks like, and how it is signed: the Standard Webhooks specification, version 1.

The signature is HMAC-SHA-256 over id, time and body, so that neither can be changed and an old
message cannot be sent again as a new one. The secret is the token's HMAC over the webhook's id and
its number (NIST SP 800-108, Section 4.1, with one block): the database has no secret to lose.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from core.canonical_json import canonical_json
from enrollment.webhooks.webhook import Webhook, WebhookDelivery
from hsm.keys import MacKey

# The name of the MAC key in its token.
MAC_KEY = "enrollment webhooks"
# Standard Webhooks, "Signature scheme": a secret is named by this, in base64.
SECRET_PREFIX = "whsec_"  # noqa: S105 - not a secret
VERSION = "v1"
# For so long after a rotation messages carry both signatures, so that none is refused.
BOTH_FOR = timedelta(hours=24)
_DOMAIN = b"camtrust webhook secret, version 1"


class WebhookSecrets:
    """Derives the secrets of webhooks."""

    def __init__(self, *, mac_key: Callable[[], MacKey]) -> None:
        self._mac_key = mac_key

    def secret_of(self, webhook: Webhook, number: int | None = None) -> bytes:
        """Return the 32 octets of a secret, of the newest unless told. Raises TokenUnavailable."""
        counted = str(number or webhook.secret_number)
        parts = (_DOMAIN, webhook.id.encode("ascii"), counted.encode("ascii"))
        return self._mac_key().mac(b"".join(len(one).to_bytes(2, "big") + one for one in parts))

    def valid_secrets(self, webhook: Webhook, now: datetime) -> list[bytes]:
        """Return the secrets that a receiver may know now, the newest first."""
        secrets = [self.secret_of(webhook)]
        if webhook.rotated_at is not None and now < webhook.rotated_at + BOTH_FOR:
            secrets.append(self.secret_of(webhook, webhook.secret_number - 1))
        return secrets


def secret_as_text(secret: bytes) -> str:
    """Return a secret as it is handed over."""
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


def body_of(delivery: WebhookDelivery) -> bytes:
    """Return the body of a message: the same octets at every try."""
    return canonical_json(
        {
            "data": {name: value for name, value in delivery.data.items() if value is not None},
            "timestamp": delivery.happened_at.astimezone(UTC).isoformat(timespec="seconds"),
            "type": str(delivery.event),
        }
    )


def signed_headers(
    delivery: WebhookDelivery, body: bytes, secrets: list[bytes], now: datetime
) -> Mapping[str, str]:
    """Return the headers of a message that is sent now."""
    seconds = str(int(now.timestamp()))
    signed = b".".join((delivery.id.encode("ascii"), seconds.encode("ascii"), body))
    signatures = (
        f"{VERSION},{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode('ascii')}"
        for secret in secrets
    )
    return {
        "Content-Type": "application/json",
        "webhook-id": delivery.id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signatures),
    }
