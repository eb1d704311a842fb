"""Keys made in a real browser: judged by openssl and NSS, and never sent anywhere."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from tests.browser.conftest import WIDTHS, Reader
from tests.browser.key_pages import KeyPages
from tests.ca.software_hierarchy import csr_for
from tests.conftest import lacks
from tests.enrollment.world import World, pem_csr

PASSWORD = "Krama-Tonle Sap/1953"
SCRIPT = Path(__file__).parents[2] / "core/web/assets/page/keys.js"


@pytest.fixture
def pages(world: World) -> KeyPages:
    if not SCRIPT.exists():
        lacks("the pages' script is not built: run make setup")
    return KeyPages(world)


@pytest.fixture
def served(world: World, pages: KeyPages) -> Iterator[str]:
    app = create_app(world.parts(), Listener.PUBLIC)
    pages.mount(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def sit(served: str, reader: Callable[..., Reader]) -> Callable[..., Reader]:
    def sit_down(**options: Any) -> Reader:
        return reader(served, **{"language": "en", **options})

    return sit_down


def choose(page: Page, home: str) -> None:
    page.locator(f'input[name="key-home"][value="{home}"]').check()


def create(page: Page, password: str = PASSWORD) -> None:
    choose(page, "file")
    page.locator("#key-password").fill(password)
    page.locator("#key-password-again").fill(password)
    page.locator('[data-key-act="create"]').click()
    page.locator('[data-key-say="created"]').wait_for(state="visible")


def send(page: Page) -> None:
    page.locator("#send").click()
    page.wait_for_url("**/test/certificates/*")


def collect(page: Page, target: Path, password: str = PASSWORD) -> Path:
    page.locator('[data-key-when="password"] input').fill(password)
    with page.expect_download() as download:
        page.locator('[data-key-act="collect"]').click()
    download.value.save_as(target)
    page.locator('[data-key-say="collected"]').wait_for(state="visible")
    return target


def openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        ("person-authentication", "ec-p256"),
        ("person-authentication", "ec-p384"),
        ("person-mail-encryption", "rsa-3072"),
    ],
)
def test_openssl_and_nss_read_the_file_that_the_browser_makes(
    sit: Callable[..., Reader],
    pages: KeyPages,
    tmp_path: Path,
    require: Callable[[str], str],
    profile: str,
    kind: str,
) -> None:
    page = sit().open(f"/test/keys/{profile}")
    choose(page, "file")
    page.locator("#key-algorithm").select_option(kind)
    create(page)
    send(page)
    path = collect(page, tmp_path / "key.p12")
    told = openssl("pkcs12", "-in", str(path), "-info", "-nodes", "-passin", f"pass:{PASSWORD}")
    assert "MAC: sha256, Iteration 250000" in told
    assert told.count("PBES2, PBKDF2, AES-256-CBC, Iteration 250000, PRF hmacWithSHA256") == 2
    held = load_pkcs12(path.read_bytes(), PASSWORD.encode())
    issued = x509.load_pem_x509_certificates(pages.chains[0].encode())
    assert held.cert is not None and held.key is not None
    # The very octets that were issued, and the issuers with them.
    assert [held.cert.certificate, *(one.certificate for one in held.additional_certs)] == issued
    assert len(issued) >= 2
    assert spki(held.key.public_key()) == spki(issued[0].public_key())
    imported_by_nss(path, tmp_path, require)


def spki(key: Any) -> bytes:
    octets: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return octets


def imported_by_nss(path: Path, folder: Path, require: Callable[[str], str]) -> None:
    database = f"sql:{folder / 'nss'}"
    (folder / "nss").mkdir()
    subprocess.run([require("certutil"), "-N", "-d", database, "--empty-password"], check=True)
    subprocess.run(
        [require("pk12util"), "-i", str(path), "-d", database, "-W", PASSWORD], check=True
    )
    keys = subprocess.run(
        ["certutil", "-K", "-d", database], capture_output=True, text=True, check=True
    )
    assert "sok-dara" in keys.stdout


def test_the_password_and_the_key_never_leave_the_browser(
    sit: Callable[..., Reader], pages: KeyPages, tmp_path: Path
) -> None:
    reader = sit()
    sent: list[bytes] = []
    reader.page.on(
        "request",
        lambda one: sent.append(
            one.url.encode() + repr(one.all_headers()).encode() + (one.post_data_buffer or b"")
        ),
    )
    page = reader.open("/test/keys/person-authentication")
    create(page)
    send(page)
    path = collect(page, tmp_path / "key.p12")
    key = load_pkcs12(path.read_bytes(), PASSWORD.encode()).key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    everything = b"".join(sent)
    assert b"BEGIN CERTIFICATE REQUEST" in everything
    for word in (PASSWORD, "Tonle", "1953", "PRIVATE KEY", secret.hex()):
        assert word.encode() not in everything
    assert secret not in everything
    assert [one for one in reader.asked if not one.startswith((reader.address, "blob:"))] == []


def test_a_key_survives_a_reload_and_a_cut_of_the_network(
    sit: Callable[..., Reader], pages: KeyPages, tmp_path: Path
) -> None:
    reader = sit()
    page = reader.open("/test/keys/person-mail-signing")
    create(page)
    made = page.locator('[data-key-fill="fingerprint"]').inner_text()
    page.reload()  # before anything was sent
    choose(page, "file")
    page.locator('[data-key-act="use-found"]').click()
    expect(page.locator('[data-key-fill="fingerprint"]')).to_have_text(made)
    send(page)
    assert pages.chosen[0].csr.public_key_sha256.hex() == made
    page.reload()
    page.context.set_offline(True)
    collect(page, tmp_path / "offline.p12")
    page.context.set_offline(False)
    page.reload()
    collect(page, tmp_path / "again.p12")
    for name in ("offline.p12", "again.p12"):
        assert load_pkcs12((tmp_path / name).read_bytes(), PASSWORD.encode()).key is not None


def test_what_lies_in_the_browser_is_encrypted_and_can_be_removed(
    sit: Callable[..., Reader], tmp_path: Path
) -> None:
    page = sit().open("/test/keys/person-authentication")
    create(page)
    [record] = page.evaluate(STORED)
    # Nothing but these: no key in the clear, no password.
    described = {"id", "home", "owner", "profile", "algorithm", "spki", "request", "made"}
    assert set(record) == described | {"escrow", "sealed"}
    sealed = tmp_path / "sealed.der"
    sealed.write_bytes(bytes(record["sealed"]))
    openssl("pkey", "-in", str(sealed), "-inform", "DER", "-passin", f"pass:{PASSWORD}", "-noout")
    assert PASSWORD not in repr(record)
    send(page)
    collect(page, tmp_path / "key.p12")
    page.locator('[data-key-act="forget"]').click()
    page.locator('[data-key-say="forgotten"]').wait_for(state="visible")
    assert page.evaluate(STORED) == []


STORED = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("camtrust-keys");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const names = opening.result.objectStoreNames;
    if (!names.contains("keys")) return resolve([]);
    const reading = opening.result.transaction("keys").objectStore("keys").getAll();
    reading.onsuccess = () => { opening.result.close(); resolve(reading.result); };
  };
})"""


def test_a_shared_computer_keeps_nothing_and_the_key_file_is_opened_elsewhere(
    sit: Callable[..., Reader], pages: KeyPages, tmp_path: Path
) -> None:
    pages.shared_computer = True
    cafe = sit()
    page = cafe.open("/test/keys/person-signing")
    assert page.locator('input[value="browser"]').count() == 0
    with page.expect_download() as download:
        create(page)
    key_file = tmp_path / download.value.suggested_filename
    download.value.save_as(key_file)
    assert re.fullmatch(r"key-person-signing-[0-9a-f]{8}\.pem", key_file.name)
    openssl("pkey", "-in", str(key_file), "-passin", f"pass:{PASSWORD}", "-noout")
    cafe.examine("key-file")
    send(page)
    cafe.examine("collect-absent")
    assert page.evaluate("indexedDB.databases()") in ([], [{"name": "camtrust-keys", "version": 1}])
    assert page.evaluate(STORED) == []
    office = sit()
    page = office.open("/test/certificates/0")
    page.locator('[data-key-act="collect"]').click()
    page.locator('[data-key-say="file-missing"]').wait_for(state="visible")
    page.locator("[data-key-file]").set_input_files(key_file)
    path = collect(page, tmp_path / "key.p12")
    assert load_pkcs12(path.read_bytes(), PASSWORD.encode()).key is not None
    assert page.evaluate(STORED) == []
    # Without the page it works as well, as the page says.
    certificate = tmp_path / "certificate.pem"
    certificate.write_text(pages.chains[0])
    openssl(
        *("pkcs12", "-export", "-inkey", str(key_file), "-in", str(certificate)),
        *("-passin", f"pass:{PASSWORD}", "-passout", "pass:x", "-out", str(tmp_path / "own.p12")),
    )


def test_a_key_for_our_pages_alone_cannot_be_taken_out(
    sit: Callable[..., Reader], pages: KeyPages
) -> None:
    reader = sit()
    page = reader.open("/test/keys/person-signing")
    expect(page.get_by_text("and nowhere else")).to_have_count(1)
    choose(page, "browser")
    page.locator('[data-key-act="create"]').click()
    page.locator('[data-key-say="created"]').wait_for(state="visible")
    reader.examine("key-browser")
    exported = page.evaluate(
        f"""async () => {{
          const [record] = await ({STORED})();
          if (record.privateKey.extractable) return "extractable";
          try {{ await crypto.subtle.exportKey("pkcs8", record.privateKey); return "exported"; }}
          catch (error) {{ return error.name; }}
        }}"""
    )
    assert exported == "InvalidAccessError"
    send(page)
    page.locator('[data-key-when="browser"]').wait_for(state="visible")
    expect(page.get_by_text("belongs to this certificate")).to_be_visible()
    expect(page.locator('[data-key-act="collect"]')).to_be_hidden()
    reader.examine("collect-browser")


@pytest.mark.parametrize(
    ("password", "again", "message"),
    [
        ("short", "short", "password-short"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "password-weak"),
        ("password1234", "password1234", "password-weak"),
        ("ព្រះរាជាណាចក្រកម្ពុជា", "ព្រះរាជាណាចក្រកម្ពុជា", "password-letters"),
        (PASSWORD, PASSWORD + "x", "password-differs"),
    ],
)
def test_a_password_that_would_not_hold_is_refused_with_its_reason(
    sit: Callable[..., Reader], password: str, again: str, message: str
) -> None:
    reader = sit()
    page = reader.open("/test/keys/person-authentication")
    choose(page, "file")
    page.locator("#key-password").fill(password)
    page.locator("#key-password-again").fill(again)
    page.locator('[data-key-act="create"]').click()
    page.locator(f'[data-key-say="{message}"]').wait_for(state="visible")
    assert page.evaluate(STORED) == []
    page.locator("#send").click()
    page.locator('[data-key-say="missing"]').wait_for(state="visible")
    assert page.url.endswith("/test/keys/person-authentication")
    reader.examine(message)


def test_a_suggested_password_is_strong_and_works(
    sit: Callable[..., Reader], tmp_path: Path
) -> None:
    page = sit().open("/test/keys/person-authentication")
    choose(page, "file")
    page.locator('[data-key-act="suggest"]').click()
    expect(page.get_by_text("Strong.", exact=True)).to_be_visible()
    password = page.locator('[data-key-fill="suggestion"]').inner_text()
    assert re.fullmatch(r"([0-9a-hjkmnp-tv-z]{5}-){3}[0-9a-hjkmnp-tv-z]{5}", password)
    page.locator('[data-key-act="create"]').click()
    page.locator('[data-key-say="created"]').wait_for(state="visible")
    expect(page.locator('[data-key-fill="suggestion"]')).to_have_text("")
    send(page)
    path = collect(page, tmp_path / "key.p12", password)
    assert load_pkcs12(path.read_bytes(), password.encode()).key is not None


def test_a_wrong_password_and_another_key_s_file_are_told_apart(
    sit: Callable[..., Reader], pages: KeyPages, tmp_path: Path
) -> None:
    pages.shared_computer = True
    files = []
    for number in range(2):
        page = sit().open("/test/keys/person-authentication")
        with page.expect_download() as download:
            create(page)
        files.append(tmp_path / f"{number}.pem")
        download.value.save_as(files[-1])
        send(page)
    picture = tmp_path / "picture.pem"
    picture.write_text("not a key")
    for path, password, message in (
        (files[1], "not the password", "password-wrong"),
        (files[0], PASSWORD, "key-other"),
        (picture, PASSWORD, "file-wrong"),
    ):
        page.locator("[data-key-file]").set_input_files(path)
        page.locator('[data-key-when="password"] input').fill(password)
        page.locator('[data-key-act="collect"]').click()
        page.locator(f'[data-key-say="{message}"]').wait_for(state="visible")
    page.locator("[data-key-file]").set_input_files(files[1])
    collect(page, tmp_path / "key.p12")


def test_a_private_window_that_keeps_nothing_hands_the_key_out(
    sit: Callable[..., Reader], tmp_path: Path
) -> None:
    reader = sit()
    reader.page.add_init_script(
        "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };"
    )
    page = reader.open("/test/keys/person-signing")
    with page.expect_download() as download:
        create(page)
    download.value.save_as(tmp_path / "key.pem")
    openssl("pkey", "-in", str(tmp_path / "key.pem"), "-passin", f"pass:{PASSWORD}", "-noout")
    expect(page.locator('[data-key-say="not-kept"]')).to_be_visible()
    page.reload()
    choose(page, "browser")
    page.locator('[data-key-act="create"]').click()
    page.locator('[data-key-say="no-storage"]').wait_for(state="visible")
    expect(page.locator("[data-key-request]")).to_have_value("")


def test_without_webcrypto_the_page_says_what_to_do(sit: Callable[..., Reader]) -> None:
    reader = sit()
    reader.page.add_init_script(
        "Object.defineProperty(Crypto.prototype, 'subtle', {get: () => undefined});"
    )
    page = reader.open("/test/keys/person-signing")
    expect(page.locator('[data-key-say="no-crypto"]')).to_be_visible()
    expect(page.locator('input[value="file"]')).to_be_hidden()
    reader.examine("no-crypto")


@pytest.mark.parametrize("upload", [False, True])
def test_without_scripts_a_request_of_one_s_own_is_enough(
    served: str, chromium: Any, pages: KeyPages, tmp_path: Path, upload: bool
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(f"{served}/test/keys/person-signing")
    expect(page.get_by_text("this page needs JavaScript")).to_be_visible()
    expect(page.locator('input[value="file"]')).to_be_hidden()
    choose(page, "own-request")
    request = pem_csr(csr_for(ec.generate_private_key(ec.SECP256R1())))
    if upload:
        (tmp_path / "own.csr").write_text(request)
        page.locator("#key-request-file").set_input_files(tmp_path / "own.csr")
    else:
        page.locator("#key-request").fill(request)
    send(page)
    assert pages.chosen[0].home == "own-request"
    expect(page.get_by_text("openssl pkcs12 -export")).to_be_visible()
    context.close()


@pytest.mark.parametrize("language", ["en", "km"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS.keys())
def test_the_pages_of_keys_can_be_read_by_everybody(
    sit: Callable[..., Reader], pages: KeyPages, tmp_path: Path, width: int, language: str
) -> None:
    reader = sit(width=width, language=language)
    page = reader.open("/test/keys/person-signing")
    reader.examine("key-choice")
    choose(page, "own-request")
    reader.examine("key-own-request")
    choose(page, "file")
    page.locator('[data-key-act="suggest"]').click()
    reader.examine("key-password")
    create(page)
    reader.examine("key-created")
    send(page)
    page.locator('[data-key-when="kept"]').wait_for(state="visible")
    reader.examine("collect-kept")
    collect(page, tmp_path / "key.p12")
    reader.examine("collect-done")
    shared = sit(width=width, language=language)
    pages.shared_computer = True
    shared.open("/test/keys/person-mail-encryption")
    choose(shared.page, "file")
    shared.examine("key-shared")


def test_the_keyboard_alone_makes_a_key(sit: Callable[..., Reader]) -> None:
    page = sit().open("/test/keys/person-authentication")
    page.locator('input[value="own-request"]').focus()
    page.keyboard.press("ArrowDown")
    page.locator("#key-password").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.locator('[data-key-say="created"]').wait_for(state="visible")
