"""Summaries with a key in a real token, in a home that `camtrust init` founded."""

from __future__ import annotations

import io
import json

from camtrust.app import create_app
from camtrust.doctor import examine
from camtrust.founding import found
from camtrust.jobs import scheduled_jobs
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from hsm.keys import KeyState
from signing.documents.stamps.content import StampContent, Words
from signing.documents.verification.identifiers import DocumentId
from signing.documents.verification.summary import verify_summary
from tests.signing.documents.verification.conftest import DETAILS, ID, SIGNED_AT


def test_a_home_signs_registers_shows_and_renews_its_key(initialised_sqlite: Services) -> None:
    services = initialised_sqlite
    content = StampContent(signer=Words("សុខ ដារ៉ា", "SOK Dara"), moment=SIGNED_AT)
    stamps, keys = services.verification.stamps, services.verification.keys

    complete = stamps.complete(content, ID, io.BytesIO(b"source"))
    text = complete.qr_text.partition("#")[2]
    assert verify_summary(text, ID, keys.public_key).signer == "សុខ ដារ៉ា"
    stamps.register(complete, ID, DETAILS, io.BytesIO(b"source and signature"))

    client = create_app(app_parts(services), Listener.PUBLIC).test_client()
    assert "SOK Dara" in client.get(f"/v/{ID}", headers={"Accept-Language": "en"}).text
    assert [one.detail for one in examine(services) if one.part == "verification"] == [
        "1 keys verify the summaries of stamps"
    ]
    assert "document-announcements" in {one.name for one in scheduled_jobs(services)}

    # A new key: old papers still prove themselves, new ones by the new key.
    services.keys.change_state(
        keys.signing_key().key_id, KeyState.DEACTIVATED, reason="a new one takes its place"
    )
    [missing] = [one for one in examine(services) if one.part == "verification"]
    assert not missing.is_well
    assert "camtrust init" in missing.detail
    assert "Key of stamps' summaries: made." in list(found(services))
    assert verify_summary(text, ID, keys.public_key).signer == "សុខ ដារ៉ា"
    other = stamps.complete(content, DocumentId.new(), io.BytesIO(b"source"))
    assert other.qr_text != complete.qr_text
    assert len(json.loads(client.get("/v/keys").text)["keys"]) == 2
