"""Settings of the store of signed answers: the section ``[ocsp.answers]``."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import Field

from core.settings import Section


class StoreKind(StrEnum):
    """Where signed answers are kept: in a file of one machine, or in Redis for many."""

    LMDB = "lmdb"
    REDIS = "redis"


class AnswerSettings(Section):
    """Which store keeps signed answers, and where.

    ``folder``: of the file, below the home. ``map_octets``: the most that the file may grow to;
    it is address space and takes neither memory nor disk. Twenty million certificates need some
    5 GB in order, 8 GB after random inserts, and during a compaction the sum of both on disk.

    ``redis_url``: redis://, rediss:// or unix://. ``redis_prefix`` begins every key, so that homes
    can share a server. ``redis_timeout``: how long a server that does not answer holds a request.
    """

    store: StoreKind = StoreKind.LMDB
    folder: Path = Path("answers")
    map_octets: int = Field(default=1 << 36, ge=1 << 20)
    redis_url: str = Field(default="redis://127.0.0.1:6379/0", pattern="^(rediss?|unix)://")
    redis_prefix: str = Field(default="camtrust", pattern=r"^[A-Za-z0-9._:/-]{1,64}$")
    redis_timeout: timedelta = Field(
        default=timedelta(milliseconds=250),
        ge=timedelta(milliseconds=10),
        le=timedelta(seconds=10),
    )
