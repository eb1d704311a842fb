"""All that invitations consist of, for whoever serves or schedules them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.clock import Clock
from core.database import Database
from core.mail.outbox import Outbox
from core.transparency.log import TransparencyLog
from enrollment.invitations.inviting import Inviting
from enrollment.invitations.listing import Listing
from enrollment.invitations.opening import Opening
from enrollment.invitations.runs import InvitingRuns
from enrollment.invitations.secrets import SlipCodes
from enrollment.invitations.settings import InvitationSettings
from enrollment.subscribers import Subscribers
from hsm.keys import MacKey


@dataclass(frozen=True)
class InvitationOffice:
    """What the routes and the jobs work with."""

    inviting: Inviting
    runs: InvitingRuns
    listing: Listing
    opening: Opening

    @classmethod
    def build(
        cls,
        *,
        database: Database,
        log: TransparencyLog,
        outbox: Outbox,
        subscribers: Subscribers,
        mac_key: Callable[[], MacKey],
        settings: InvitationSettings,
        public_url: str,
        clock: Clock,
    ) -> InvitationOffice:
        """Put the parts together; ``mac_key`` is asked whenever digits are made or judged."""
        codes = SlipCodes(mac_key=mac_key)
        inviting = Inviting(
            database=database,
            log=log,
            outbox=outbox,
            codes=codes,
            settings=settings,
            public_url=public_url,
            clock=clock,
        )
        return cls(
            inviting=inviting,
            runs=InvitingRuns(
                database=database, log=log, inviting=inviting, settings=settings, clock=clock
            ),
            listing=Listing(database=database, outbox=outbox, clock=clock),
            opening=Opening(
                database=database,
                log=log,
                subscribers=subscribers,
                codes=codes,
                settings=settings,
                clock=clock,
            ),
        )
