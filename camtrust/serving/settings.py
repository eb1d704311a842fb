"""``[serve]``: where the service listens and what it takes."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator

from camtrust.serving.status.settings import StatusSettings
from core.settings import Section


class ServeSettings(Section):
    """Listeners and limits.

    ``public_url`` begins the ``type`` of every problem, so it should never change.
    ``address`` is loopback unless there is a reason: TLS and the outside are the front's
    matter (deploy/nginx). ``behind_proxy``: the front sets X-Forwarded-For over whatever came
    in, and nothing else reaches the port; only then is that header believed.
    ``officers_name`` is the host name of the officers' TLS front on this machine, and
    ``organization_name`` and ``organization_identifier`` whose front it is; ``officers_url``, where
    it is set, is told to programs that prove themselves with a certificate (RFC 8705, Section 5).
    ``rate_limit`` holds for each address or principal; ``rate_limit_storage`` is a Redis URL
    where several processes or machines share one count. ``roles`` replaces camtrust/roles.toml.
    ``signers`` is how many processes sign status answers ahead; 0 leaves that to other machines.
    ``document_workers`` is how many processes sign batches of documents; with 0 the scheduler does.
    ``threads`` is how many requests a process answers at once; status comes on top (``status``).
    """

    public_url: str = "http://localhost:8080"
    address: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=256)
    officers_workers: int = Field(default=1, ge=1, le=64)
    signers: int = Field(default=1, ge=0, le=64)
    document_workers: int = Field(default=0, ge=0, le=64)
    behind_proxy: bool = False
    # RFC 2606, Section 3: nobody's. No certificate is issued for names under localhost.
    officers_name: str = "officers.example.com"
    officers_url: str | None = None
    organization_name: str = "Cambodia National PKI"
    organization_identifier: str = "NTRKH-00000000"
    max_body_octets: int = Field(default=262_144, ge=16_384, le=16_777_216)
    rate_limit: str = "600 per minute"
    rate_limit_storage: str | None = None
    roles: Path | None = None
    status: StatusSettings = StatusSettings()

    @field_validator("public_url", "officers_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~/-]*)?", value):
            raise ValueError("has to be an http:// or https:// URL without query")
        return value.rstrip("/")

    @field_validator("rate_limit")
    @classmethod
    def _is_a_limit(cls, value: str) -> str:
        if not re.fullmatch(r"[1-9][0-9]* per (second|minute|hour)", value):
            raise ValueError('has to read like "600 per minute"')
        return value
