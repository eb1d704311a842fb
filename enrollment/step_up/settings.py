"""``[step_up]``: how officers confirm what they decide."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings import Section


class StepUpSettings(Section):
    """``by``: ``passkey`` or ``certificate``.

    ``certificate_within_seconds`` is how long ago an officer's TLS handshake may be, by which
    they proved their certificate's key; deploy/nginx/officers.conf ends connections before.
    A passkey that is sent is judged under either setting.
    """

    by: Literal["passkey", "certificate"] = "certificate"
    certificate_within_seconds: int = Field(default=300, ge=30, le=3_600)
