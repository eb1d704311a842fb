"""An institution, its officer, and people on its list."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from core.access import Principal, Role
from core.mail.models import mails
from enrollment.invitations.invitation import Invitation
from enrollment.invitations.inviting import Slip
from enrollment.people.person import IdentifierKind
from tests.enrollment.world import World

OFFICER = Principal("officer", Role.RA_OFFICER, "moh")


class Ministry:
    """The ministry of health as tests want it: an officer, and whoever is listed."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.found("moh")
        world.enroll("officer", institution="moh")

    def list(self, number: str = "012345678", **place: Any) -> str:
        """Put somebody on the list; return the id by which they are listed."""
        person = self.world.employ("moh", number=number, **place)
        return self.world.people.employments_of(person)[0].id

    def invite(self, employment: str, **options: Any) -> Invitation:
        act = f"{next(self.world.numbers):032x}"
        values = {"invited_by": OFFICER, "invitation_id": act} | options
        return self.world.invitations.inviting.by_mail(employment, **values)

    def print_slip(self, employment: str) -> Slip:
        return self.world.invitations.inviting.print_slip(
            employment, printed_by=OFFICER, document=IdentifierKind.NATIONAL_ID
        )

    def mailed(self, kind: str = "invitation") -> list[Any]:
        with self.world.database.read() as connection:
            query = select(mails).where(mails.c.kind == kind).order_by(mails.c.id)
            return list(connection.execute(query))

    def link(self) -> str:
        """The path of the newest link that was mailed."""
        [*_older, newest] = self.mailed()
        [path, again] = re.findall(r"https://pki\.example(/invitations/\S+)", newest.body)
        assert path == again
        found: str = path
        return found

    def token(self) -> str:
        return self.link().rpartition("/")[2]


@pytest.fixture
def ministry(world: World) -> Ministry:
    return Ministry(world)


@pytest.fixture
def either_ministry(either_world: World) -> Ministry:
    return Ministry(either_world)


@pytest.fixture
def kinds(world: World) -> Callable[[], list[str]]:
    """The kinds of the log's entries."""

    def read() -> list[str]:
        world.log.publish()
        return [entry.kind for _index, entry in world.log.published_entries()]

    return read
