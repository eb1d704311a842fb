"""``[webhooks]``: where messages may be sent, and how long a server has to take one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.outgoing.settings import OutgoingSettings


class WebhookSettings(OutgoingSettings):
    """Messages go to ``ports`` alone, and else where :class:`OutgoingSettings` lets them."""

    ports: tuple[Annotated[int, Field(ge=1, le=65_535)], ...] = (443, 8443)
