"""What the guide tells programs to send is taken as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.web_parts import app_parts
from core.access import Principal
from tests.signing.approval.world import PROGRAM, ApprovalWorld
from tests.signing.documents.pdfs import one_page

GUIDE = Path(__file__).parents[3] / "docs/how-to/circulate-a-document.md"
HOST = "https://pki.example"
# Of the people in the guide those in our ministry.
NUMBERS = {"00123": "1", "00124": "2", "00001": "3"}


class Program:
    """The institution's program, whoever asks."""

    def principal(self, environ: Mapping[str, Any]) -> Principal:
        return PROGRAM


def test_curl_starts_a_circulation_as_the_guide_says(
    world: ApprovalWorld, tmp_path: Path, require: Callable[[str], str]
) -> None:
    require("curl")
    command, message = re.findall(r"```(?:json)?\n(.*?)```", GUIDE.read_text(), re.DOTALL)[:2]
    wanted = json.loads(message)
    for step in wanted["steps"]:
        step["deadline"] = (world.clock.now() + timedelta(days=9)).isoformat()
        for one in step["people"]:
            one["staff_number"] = NUMBERS[one["staff_number"]]
    (tmp_path / "circulation.json").write_text(json.dumps(wanted))
    (tmp_path / "letter.pdf").write_bytes(one_page())
    parts = replace(app_parts(world.services), session_sign_in=Program())
    server = make_server("127.0.0.1", 0, create_app(parts, Listener.PUBLIC))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = subprocess.run(
            command.replace(HOST, f"http://127.0.0.1:{server.server_port}"),
            shell=True,
            cwd=tmp_path,
            env={"TOKEN": ""},
            capture_output=True,
            check=True,
            timeout=60,
        )
    finally:
        server.shutdown()
    shown = json.loads(done.stdout)
    assert (shown.get("state"), shown.get("detail")) == ("circulating", None)
    assert [one["staff_number"] for one in shown["participants"]] == ["1", "2", "3"]
