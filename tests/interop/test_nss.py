"""NSS's opinion of our status.

NSS takes no CRL with an issuing distribution point ("unknown critical extension"), so that of
the root is tried, which is about all the root issued; for the others it asks the responder.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

from ca.revocation.reasons import RevocationReason
from camtrust.serving.status.mounting import status_front
from camtrust.web_parts import publication
from camtrust.wiring import Services
from tests.interop.conftest import SUBSCRIBERS, Status, Template, founded_copy
from tests.interop.test_openssl import WITH_OCSP, run

Require = Callable[[str], str]
# Whose certificates are for TLS clients, usage 0 of vfychain.
CLIENTS = ["people-1", "programs-1"]


@pytest.fixture(scope="module")
def reachable(
    sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Status]:
    """A home whose certificates say that the responder is here on loopback."""
    app = Flask(__name__)
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True)
    url = f"http://127.0.0.1:{server.port}"
    home = founded_copy(sqlite_template, tmp_path_factory.mktemp("nss") / "home")
    (home / "camtrust.toml").write_text(f'[ca]\npublication_url = "{url}"\n')
    services = Services(home=home)
    app.register_blueprint(publication(services))
    server.app = status_front(app, services)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    folder = home.parent / "files"
    folder.mkdir()
    status = Status(services, folder, url)
    for authority in services.authorities.all():
        status.write(authority.name, authority.certificate)
    yield status
    server.shutdown()
    thread.join()
    server.server_close()
    services.close()


@pytest.fixture
def database(require: Require, reachable: Status, tmp_path: Path) -> str:
    """An NSS database that trusts our root."""
    certutil = require("certutil")
    name = f"sql:{tmp_path}"
    assert run(certutil, "-N", "-d", name, "--empty-password").returncode == 0
    root = reachable.folder / "root-1.der"
    added = run(certutil, "-A", "-d", name, "-n", "root", "-t", "CT,C,C", "-i", root)
    assert added.returncode == 0, added.stdout
    return name


def test_the_roots_crl_is_taken(require: Require, reachable: Status, database: str) -> None:
    crlutil = require("crlutil")
    path = reachable.folder / "root-1.crl"
    path.write_bytes(reachable.services.crls.newest("root-1", 0).crl_der)

    done = run(crlutil, "-I", "-t", "1", "-d", database, "-i", path)

    assert done.returncode == 0, done.stdout
    assert "root" in run(crlutil, "-L", "-d", database).stdout


def test_the_responder_is_asked_and_believed(
    require: Require, reachable: Status, database: str
) -> None:
    vfychain, folder = require("vfychain"), reachable.folder
    for authority in CLIENTS:
        assert authority in WITH_OCSP
        assert authority in SUBSCRIBERS
        reachable.subscriber(authority, "good")
        revoked = reachable.subscriber(authority, "revoked")
        reachable.services.revocation.revoke(
            serial_number=revoked.serial_number, reason=RevocationReason.KEY_COMPROMISE
        )
        for name, expected in (("good", "Chain is good!"), ("revoked", "has been revoked")):
            done = run(
                vfychain, "-d", database, "-pp", "-v", "-u", "0",
                "-g", "leaf", "-m", "ocsp", "-s", "failIfNoInfo",
                folder / f"{authority}-{name}.der", folder / f"{authority}.der",
            )  # fmt: skip
            assert expected in done.stdout, (authority, name, done.stdout)


def test_without_the_responder_nothing_is_believed(
    require: Require, reachable: Status, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vfychain, folder = require("vfychain"), reachable.folder
    reachable.subscriber("people-1", "unanswered")

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reachable.services.ocsp, "_answer", fails)
    done = run(
        vfychain, "-d", database, "-pp", "-v", "-u", "0",
        "-g", "leaf", "-m", "ocsp", "-s", "failIfNoInfo",
        folder / "people-1-unanswered.der", folder / "people-1.der",
    )  # fmt: skip

    assert "Chain is bad!" in done.stdout
