"""A program is told of its batches of documents, in a founded home: by signed messages."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from camtrust.wiring import Services
from core.access import Principal, Role
from core.idempotency import new_act_id
from enrollment.models import principals
from enrollment.officers import OfficerState
from enrollment.webhooks.sending import WebhookSending
from enrollment.webhooks.settings import WebhookSettings
from enrollment.webhooks.webhook import WebhookEvent
from enrollment.webhooks.webhooks import Webhooks
from signing.documents.batches.batch import DocumentBatch
from signing.documents.kept_answers import Wanted
from signing.documents.levels import Level
from signing.documents.options import SigningOptions
from tests.enrollment.acme.dns_server import DnsServer
from tests.enrollment.webhooks.receiver import Receiver, is_signed
from tests.signing.documents.pdfs import one_page

NAME, OUTSIDE = "hooks.moh.example", "127.0.0.2"
EVENTS = tuple(one for one in WebhookEvent if "batch" in one)


@dataclass
class Told:
    """A home, and a receiver that messages reach."""

    services: Services
    receiver: Receiver
    settings: WebhookSettings

    @property
    def webhooks(self) -> Webhooks:
        services = self.services
        return Webhooks(
            database=services.database,
            log=services.log,
            secrets=services.registration.programs.webhook_secrets,
            settings=self.settings,
            clock=services.clock,
        )

    def program(self, name: str) -> Principal:
        """A program that wants to be told of everything about batches."""
        found = Principal(f"client:{name}", Role.SERVICE)
        with self.services.database.begin() as connection:
            connection.execute(
                principals.insert().values(
                    id=found.id,
                    role=found.role,
                    state=OfficerState.ACTIVE,
                    person=found.id,
                    enrolled_at=self.services.clock.now(),
                    salt=b"s" * 32,
                )
            )
        url = f"https://{NAME}:{self.receiver.port}/{name}"
        self.webhooks.register(url, EVENTS, by=found, webhook_id=self.act_id())
        return found

    def act_id(self) -> str:
        return new_act_id(self.services.clock.now())

    def opened(self, by: Principal, *contents: bytes) -> DocumentBatch:
        batches = self.services.documents.batches
        batch = batches.open(
            batch_id=self.act_id(),
            by=by,
            seal="seal",
            documents=len(contents),
            options=SigningOptions(Level.B_B),
        )
        for number, content in enumerate(contents, 1):
            batches.put(batch.id, number, io.BytesIO(content), by)
        return batch

    def work(self) -> None:
        while self.services.documents.batch_worker.go_on():
            pass

    def send(self) -> None:
        programs = self.services.registration.programs
        programs.following.follow()
        WebhookSending(
            database=self.services.database,
            secrets=programs.webhook_secrets,
            settings=self.settings,
            clock=self.services.clock,
        ).send_due()

    def messages(self, name: str) -> list[dict[str, Any]]:
        found = [json.loads(one.body) for one in self.receiver.received if one.path == f"/{name}"]
        return sorted(
            ({"type": one["type"], **one["data"]} for one in found),
            key=lambda one: (one["type"], one.get("number", "")),
        )


@pytest.fixture
def told(initialised: Services, tmp_path: Path) -> Iterator[Told]:
    receiver = Receiver(OUTSIDE, tmp_path, NAME)
    with DnsServer() as dns:
        dns.set_a(NAME, OUTSIDE)
        settings = WebhookSettings(
            ports=(receiver.port,),
            allowed_networks=(ip_network(OUTSIDE),),
            resolvers=(dns.resolver,),
            timeout_seconds=3,
            trust=receiver.trust,
        )
        yield Told(initialised, receiver, settings)
    receiver.close()


def test_who_opened_a_batch_is_told_of_each_document_and_of_the_end(told: Told) -> None:
    program, another = told.program("staff"), told.program("another")
    batch = told.opened(program, one_page(), b"no PDF")
    told.services.documents.batches.close(batch.id, program)
    told.work()
    # Sealed at once, without a batch: nobody has to be told.
    desk = told.services.documents.desk
    wanted = Wanted("seal", SigningOptions(Level.B_B), None, program, told.act_id())
    with desk.sealed(io.BytesIO(one_page()), wanted, is_kept=False):
        pass
    given_up = told.opened(another, one_page())
    told.services.documents.batches.cancel(given_up.id, another)
    told.send()
    assert told.messages("staff") == [
        {
            "type": "batch-document.refused",
            "batch": batch.id,
            "number": "2",
            "problem": "pdf-broken",
        },
        {"type": "batch-document.signed", "batch": batch.id, "number": "1"},
        {"type": "document-batch.ended", "batch": batch.id, "state": "done"},
    ]
    assert told.messages("another") == [
        {"type": "document-batch.ended", "batch": given_up.id, "state": "cancelled"}
    ]
    [hook] = told.webhooks.all_of(client=program.id)
    secret = told.webhooks.secret_for(hook.id, by=program)
    sent = [one for one in told.receiver.received if one.path == "/staff"]
    assert all(is_signed(one, secret) for one in sent)
    told.send()
    assert len(told.receiver.received) == 4
