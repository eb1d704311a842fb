"""A new authorization, and its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from signing.credentials.activation_data import ActivationData, authorized_as
from signing.credentials.models import activation_hashes, signature_activations


@dataclass(frozen=True)
class NewActivation:
    """What is authorized: its SAD, the key, whose program may use it, the hashes, until when.

    ``certificate_sha256``: the program uses it with this client certificate alone (RFC 8705).
    """

    data: ActivationData
    credential_id: str
    key_id: bytes
    client: str | None
    certificate_sha256: bytes | None
    digest_algorithm: str
    hashes: tuple[bytes, ...]
    authorized_at: datetime
    expires_at: datetime

    @property
    def bound_to(self) -> bytes:
        """What the seal around its key is bound to."""
        return authorized_as(
            activation_id=self.data.activation_id,
            credential_id=self.credential_id,
            key_id=self.key_id,
            client=self.client,
            digest_algorithm=self.digest_algorithm,
            hashes=self.hashes,
            expires_at=self.expires_at,
            certificate_sha256=self.certificate_sha256,
        )

    def insert(
        self,
        connection: Connection,
        *,
        sealed_key: bytes,
        evidence: Mapping[str, Any],
        log_index: int,
    ) -> None:
        """Store it with its hashes."""
        connection.execute(
            insert(signature_activations).values(
                id=self.data.activation_id,
                credential=self.credential_id,
                client=self.client,
                certificate_sha256=self.certificate_sha256,
                digest_algorithm=self.digest_algorithm,
                secret_sha256=self.data.secret_sha256,
                sealed_key=sealed_key,
                evidence=dict(evidence),
                authorized_at=self.authorized_at,
                expires_at=self.expires_at,
                log_index=log_index,
            )
        )
        connection.execute(
            insert(activation_hashes),
            [
                {"activation": self.data.activation_id, "hash": one, "place": place}
                for place, one in enumerate(self.hashes)
            ],
        )
