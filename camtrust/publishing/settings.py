"""The section ``[publish]`` of the settings."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from core.settings import Section


class PublishSettings(Section):
    """Where the scheduler publishes files by itself, and which; nowhere while ``to`` is empty.

    ``to``: a folder or ``s3://bucket/prefix``. ``every``: how often certificates and CRLs are
    looked at. ``answers``: answers signed ahead too. ``authorities``: whose, by name; everybody's
    when it is empty. ``compare_all_every``: how often all answers are compared with what is in
    place, and what nobody knows any more is removed.
    """

    to: str = ""
    every: timedelta = Field(default=timedelta(minutes=1), ge=timedelta(seconds=10))
    answers: bool = False
    authorities: tuple[str, ...] = ()
    compare_all_every: timedelta = Field(default=timedelta(days=1), ge=timedelta(minutes=10))
