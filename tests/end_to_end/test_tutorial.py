"""The tutorial, walked: its commands are typed, and its words in bold stand where it says."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient
from sqlalchemy import select

from camtrust.app import create_app
from camtrust.listeners import Listener
from core.database import Database
from core.mail.models import mails
from enrollment.certificate_commands import issue_certificate
from enrollment.commands import enroll_commands
from enrollment.settings import EnrollmentSettings
from tests.enrollment.subscriber.person import new_request
from tests.enrollment.world import World, front_header

TUTORIAL = Path(__file__).parents[2] / "docs/tutorials/a-ministrys-first-certificate.md"
OVER_TLS = "https://pki.example"


def text_of(section: int) -> str:
    parts = re.split(r"^## ", TUTORIAL.read_text("utf-8"), flags=re.MULTILINE)
    [text] = [one for one in parts if one.startswith(f"{section}. ")]
    return text


def bold(section: int) -> list[str]:
    """The words in bold of one section, in their order."""
    return re.findall(r"\*\*(.+?)\*\*", text_of(section))


def blocks(section: int, kind: str = "") -> list[str]:
    """The lines of the blocks of one section."""
    pieces = text_of(section).split("```")[1::2]
    opened = [piece.split("\n", 1) for piece in pieces]
    return [line for name, lines in opened if name == kind for line in lines.splitlines()]


class Console:
    """Whoever sits at the machine, in a folder of their own."""

    def __init__(self, world: World, folder: Path, openssl: str) -> None:
        self.openssl, self.folder = openssl, folder
        self.services = SimpleNamespace(
            settings=SimpleNamespace(
                ca=SimpleNamespace(production=False), enrollment=EnrollmentSettings()
            ),
            clock=world.clock,
            profiles=world.hierarchy.profiles,
            issuance=world.issuance,
            authorities=world.authorities,
            registration=SimpleNamespace(
                officers=world.officers,
                staff_lists=SimpleNamespace(office=world.staff_lists),
                subscribers=SimpleNamespace(institutions=world.institutions),
                applications=world.registration.applications,
            ),
        )
        self.commands = click.Group(
            commands={
                "enroll": enroll_commands,
                "cert": click.Group(commands={"issue": issue_certificate}),
            }
        )

    def type(self, line: str) -> str:
        """Type a line; return what it printed."""
        program, *words = shlex.split(line)
        if program == "openssl":
            done = subprocess.run(
                [self.openssl, *words], cwd=self.folder, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            return done.stdout
        assert program == "camtrust"
        result = CliRunner().invoke(self.commands, words, obj=self.services, catch_exceptions=False)
        assert result.exit_code == 0, (line, result.output)
        return result.stdout


class Visitor:
    """Somebody with a browser that runs no scripts, over TLS."""

    def __init__(self, client: FlaskClient, **headers: str) -> None:
        self.client = client
        self.headers = {"Accept-Language": "en", **headers}

    def get(self, path: str) -> str:
        answer = self.client.get(path, base_url=OVER_TLS, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def press(self, page: str, button: str, **fields: Any) -> Any:
        """Press the button of this name on a page."""
        forms = re.findall(r"<form.*?</form>", self.get(page), re.DOTALL)
        [form, *_others] = [one for one in forms if re.search(rf">\s*{button}\s*</button>", one)]
        target = re.search(r'action="([^"]+)"', form)
        assert target is not None
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        return self.client.post(
            target.group(1), data=hidden | fields, base_url=OVER_TLS, headers=self.headers
        )


@pytest.fixture
def world(sqlite: Database, tmp_path: Path, clock: Any) -> World:
    return World(sqlite, tmp_path, clock)


def test_a_new_ministry_gets_its_first_certificate(
    world: World, tmp_path: Path, require: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found(Console(world, tmp_path, require("openssl")), tmp_path)  # 1, 2, 3
    officers = [officer(world, tmp_path / f"{name}.pem") for name in ("moh-1", "moh-2")]
    invite(officers[0])  # 4
    person = open_link(world)
    page = apply(person)  # 5
    approve(officers, page)  # 6
    collect(person, page, world, tmp_path, require("openssl"))  # 7


def found(console: Console, folder: Path) -> None:
    said = [console.type(line) for line in blocks(1)]
    assert said[-1] == "moh  ministry  active  Ministry of Health\n"
    said = [console.type(line) for line in blocks(2)]
    assert re.findall(r"^(moh-\d)  ra-officer  active  moh$", said[-1], re.MULTILINE) == [
        "moh-1",
        "moh-2",
    ]
    (folder / "people.csv").write_text("\n".join(blocks(3, "csv")) + "\n", "utf-8")
    looked, applied = [console.type(line) for line in blocks(3)]
    assert "ready" in looked and "applied" in applied


def officer(world: World, file: Path) -> Visitor:
    client = create_app(world.parts(), Listener.OFFICERS).test_client()
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    header = {"X-SSL-Client-Cert": front_header(certificate)}
    return Visitor(client, **header)


def invite(clerk: Visitor) -> None:
    section, navigation, above, button = bold(4)
    beside = re.search(rf'href="([^"]+)"[^>]*>{section}</a>', clerk.get("/office/"))
    assert beside is not None
    menu = re.search(rf'href="([^"]+)"[^>]*>{navigation}</a>', clerk.get(beside.group(1)))
    assert menu is not None
    listed = re.search(rf'href="({menu.group(1)}/[0-9a-f]+)"', clerk.get(menu.group(1)))
    assert listed is not None and above in clerk.get(listed.group(1))
    assert clerk.press(listed.group(1), button).status_code == 303


def open_link(world: World) -> Visitor:
    with world.database.read() as connection:
        [mail] = connection.execute(select(mails).where(mails.c.kind == "invitation"))
    assert mail.recipient == "dara.sok@moh.example"
    path = re.findall(r"https://pki\.example(/invitations/\S+)", mail.body)[0]
    person = Visitor(create_app(world.parts(), Listener.PUBLIC).test_client())
    html = person.get(path)
    # The last form is the invitation's: before it stands the switch of languages.
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))
    hidden.pop("back", None)
    answer = person.client.post(path, data=hidden, base_url=OVER_TLS)
    assert answer.headers["Location"] == "/my/"
    return person


def apply(person: Visitor) -> str:
    begin, data, right, which, chosen, to_keys, take, send = bold(5)
    person.press("/my/", begin)
    assert data in person.get("/my/application/data")
    person.press("/my/application/data", right)
    offered = person.get("/my/application/certificates")
    assert which in offered and chosen in offered
    [profile] = re.findall(rf'value="([a-z-]+)"[^>]*>\s*<label[^>]*>{chosen}</label>', offered)
    person.press("/my/application/certificates", to_keys, profile=profile)
    stated = {"key-home": "own-request", "key-request": new_request()}
    key = f"/my/application/keys/{profile}"
    assert person.press(key, take, **stated).status_code == 303
    answer = person.press("/my/application/summary", send)
    return str(answer.headers["Location"].partition("?")[0])


def approve(officers: list[Visitor], page: str) -> None:
    waiting, button = bold(6)
    bundle = page.rpartition("/")[2]
    for one in officers:
        queue = one.get("/office/")
        assert waiting in queue
        [place, *_rest] = re.findall(
            r'href="(/office/(?:applications|bundles)/[0-9a-f]{32})"', queue
        )
        assert bundle in place or "applications" in place
        assert one.press(place, button).status_code == 303


def collect(person: Visitor, page: str, world: World, folder: Path, openssl: str) -> None:
    button, show = bold(7)
    shown = person.get(page)
    found = re.search(rf'href="({page}/[0-9a-f]+)">{button}<', shown)
    assert found is not None
    place = found.group(1)
    assert re.search(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}", person.press(place, show).text)
    (folder / "chain.pem").write_text(person.get(f"{place}/pem"))
    root = world.authorities.chain("people-1")[-1]
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    [command] = [line for line in blocks(7) if line.startswith("openssl ")]
    words = [openssl, *command.split()[1:]]
    # The tests' clock stands in November 2026.
    words[2:2] = ["-attime", "1795600000"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
