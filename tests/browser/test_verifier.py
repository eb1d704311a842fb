"""Somebody at a door, with a phone whose camera sees what the tests draw."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import qrcode
import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from werkzeug.serving import make_server

from camtrust.app import create_app
from camtrust.listeners import Listener
from signing.passes.page import files
from tests.browser.conftest import Reader
from tests.conftest import lacks
from tests.enrollment.world import World
from tests.signing.passes import issuers
from tests.signing.passes.issuers import NOW, Authority, issuer
from tests.signing.passes.page import mutations
from tests.signing.passes.test_standing import PLACE, URI, status_list

CHROMIUM = Path("/usr/bin/chromium")
WIDTH, HEIGHT = 640, 480
WORDS = {
    "en": {
        "green": "Valid",
        "old": "Expired",
        "gone": "Withdrawn",
        "red": "Forged",
        "amber": "Not proven",
    },
    "km": {
        "green": "មានសុពលភាព",
        "old": "ផុតកំណត់",
        "gone": "បានដកវិញ",
        "red": "ក្លែងបន្លំ",
        "amber": "មិនទាន់មានភស្តុតាង",
    },
}


class Cambodia(Authority):
    @property
    def subject(self) -> x509.Name:
        country = x509.NameAttribute(NameOID.COUNTRY_NAME, "KH")
        return x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, "Health CSCA")])


HEALTH = issuer(authority=Cambodia(), subject=Cambodia().subject)
UTOPIA = issuer()
STRANGER = issuer(authority=Cambodia())


def claims(content: Any = None, **changes: Any) -> dict[Any, Any]:
    return issuers.claims(content, **({"claim_1": "KH"} | changes))


def listed(place: int) -> str:
    """A pass with a place in the status list that the phone's lists have."""
    return HEALTH.hc1(claims(claim_65535={"status_list": {"idx": place, "uri": URI}}))


VALID = HEALTH.hc1(claims())
REVOKED = listed(PLACE)
EXPIRED = HEALTH.hc1(claims(claim_4=issuers.seconds(NOW - timedelta(hours=1))))
FORGED = HEALTH.hc1(claims(), sign=lambda _octets: b"\x01" * 64)
FOREIGN = STRANGER.hc1(claims())
SPECIMEN = UTOPIA.hc1(issuers.claims())


def drawn(*texts: str, height: int = HEIGHT) -> Image.Image:
    """A picture with the QR codes of texts beside each other."""
    picture = Image.new("L", (WIDTH, height), 205)
    for number, text in enumerate(texts):
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_L, border=4)
        code.add_data(text)
        code.make(fit=True)
        most = min(height - 20, WIDTH // len(texts) - 10)
        dots = max(1, most // (code.modules_count + 8))
        code.box_size = dots
        square = code.make_image().get_image().convert("L")
        picture.paste(square, (10 + number * WIDTH // len(texts), (height - square.height) // 2))
    return picture


def video(path: Path, *pictures: Image.Image) -> Path:
    """A film (YUV4MPEG2) of pictures, three seconds each, that a camera plays again and again."""
    with path.open("wb") as film:
        film.write(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT))
        for picture in pictures:
            grey = bytes([128]) * (WIDTH * HEIGHT // 2)
            for _ in range(10):
                film.write(b"FRAME\n" + picture.tobytes() + grey)
    return path


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    if not CHROMIUM.exists():
        lacks("the program chromium is not installed")
    with sync_playwright() as found:
        yield found


class Phone:
    """A phone with a camera, on which the page is opened."""

    def __init__(self, browser: Browser, address: str, language: str) -> None:
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 360, "height": 640},
            locale=language,
            permissions=["camera"],
            has_touch=True,
        )
        self.context.set_default_timeout(20_000)
        self.address = address
        self.reader = Reader(self.context, address)
        self.page: Page = self.reader.page
        self.asked: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page_asked = self.reader.asked
        self.page.clock.set_fixed_time(NOW + timedelta(minutes=10))

    def visit(self, path: str = "/verify") -> None:
        self.page.goto(self.address + path)
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")

    def verdict(self) -> str:
        expect(self.page.locator("#result")).to_be_visible()
        return self.page.locator("#verdict").inner_text().strip()

    def light(self) -> str | None:
        return self.page.locator("#result").get_attribute("data-light")


@pytest.fixture
def address(world: World) -> Iterator[str]:
    if not (files.INSTALLED / "verifier.js").exists():
        lacks("the verifier's scripts are not installed: run make setup")
    folder = world.folder / "pass-trust"
    folder.mkdir()
    for name, one in {"health": HEALTH, "utopia": UTOPIA}.items():
        folder.joinpath(f"{name}.pem").write_bytes(one.certificate.public_bytes(Encoding.PEM))
    folder.joinpath("statuses.jwt").write_bytes(status_list(HEALTH))
    server = make_server("127.0.0.1", 0, create_app(world.parts(), Listener.PUBLIC), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    # A browser gives WebCrypto, cameras and service workers to localhost without TLS too.
    yield f"http://localhost:{server.port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def phone(playwright: Playwright, address: str, tmp_path: Path) -> Iterator[Callable[..., Phone]]:
    browsers: list[Browser] = []

    def take(*pictures: Image.Image, language: str = "en", denied: bool = False) -> Phone:
        film = video(tmp_path / f"film-{len(browsers)}.y4m", *pictures) if pictures else None
        options = ["--no-sandbox", "--use-fake-device-for-media-stream"]
        options += [f"--use-file-for-fake-video-capture={film}"] if film else []
        options += [] if denied else ["--use-fake-ui-for-media-stream"]
        browsers.append(playwright.chromium.launch(executable_path=CHROMIUM, args=options))
        return Phone(browsers[-1], address, language)

    yield take
    for browser in browsers:
        browser.close()


@pytest.mark.parametrize(
    ("language", "code", "light", "word"),
    [
        pytest.param("en", VALID, "green", "green", id="valid"),
        pytest.param("en", EXPIRED, "red", "old", id="expired"),
        pytest.param("en", REVOKED, "red", "gone", id="revoked"),
        pytest.param("en", FORGED, "red", "red", id="forged"),
        pytest.param("en", FOREIGN, "amber", "amber", id="foreign"),
        pytest.param("km", VALID, "green", "green", id="valid in Khmer"),
        pytest.param("km", REVOKED, "red", "gone", id="revoked in Khmer"),
        # The page is the same: these are drawn by `make screenshots`, and walked now and then.
        pytest.param("km", EXPIRED, "red", "old", id="expired in Khmer", marks=pytest.mark.long),
        pytest.param("km", FORGED, "red", "red", id="forged in Khmer", marks=pytest.mark.long),
        pytest.param(
            "km", FOREIGN, "amber", "amber", id="foreign in Khmer", marks=pytest.mark.long
        ),
    ],
)
def test_a_pass_is_judged_in_flight_mode(
    phone: Callable[..., Phone], language: str, code: str, light: str, word: str
) -> None:
    someone = phone(drawn(code), language=language)
    someone.visit()
    someone.context.set_offline(True)
    someone.asked.clear()
    begun = time.monotonic()
    someone.page.goto(f"{someone.address}/verify/{language}")
    assert someone.verdict() == WORDS[language][word]
    print(f"verdict after {time.monotonic() - begun:.1f} s, page and camera included")
    assert someone.light() == light
    person = someone.page.locator("#person").inner_text()
    if light == "amber":
        # Whatever a stranger says of a person is not repeated.
        assert person == ""
    elif word != "red":
        assert "Dara Sok" in person
        assert "1990" in person
        assert "04-12" not in person
    assert all(one.startswith(someone.address) for one in someone.asked)
    someone.reader.examine(f"verify-{word}")


def test_no_request_is_sent_while_the_camera_looks(phone: Callable[..., Phone]) -> None:
    someone = phone(drawn("https://example.org/menu"))
    someone.visit()
    expect(someone.page.locator("[data-hint=NOT_SUPPORTED]")).to_be_visible()
    someone.asked.clear()
    someone.page.wait_for_timeout(2_000)
    assert someone.asked == []
    expect(someone.page.locator("#result")).to_be_hidden()
    someone.reader.examine("verify-no-pass")


def test_a_border_sees_what_a_shop_does_not(phone: Callable[..., Phone]) -> None:
    someone = phone(drawn(VALID))
    someone.visit()
    assert someone.verdict() == "Valid"
    assert "Vaccine" not in someone.page.locator("#result").inner_text()
    someone.page.get_by_role("button", name="Next pass").click()
    # The same pass, still in view, is not shown again by itself.
    expect(someone.page.locator("[data-hint=same]")).to_be_visible()
    expect(someone.page.locator("#result")).to_be_hidden()
    someone.page.get_by_label("Border: everything").check()
    assert someone.verdict() == "Valid"
    shown = someone.page.locator("#result").inner_text()
    for expected in ("1990-04-12", "SOK<<DARA", "SARS-CoV-2 mRNA vaccine", "2026-02-18", "KH"):
        assert expected in shown
    someone.reader.examine("verify-border")
    assert dict(someone.page.evaluate("({...localStorage})")) == {"camtrust-verify-mode": "border"}


def test_a_result_is_gone_when_the_phone_is_put_away(phone: Callable[..., Phone]) -> None:
    someone = phone(drawn(VALID))
    someone.visit()
    someone.verdict()
    someone.page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", {value: true, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    expect(someone.page.locator("#result")).to_be_hidden()
    assert "Dara" not in someone.page.content()


def test_a_specimen_looks_like_one(phone: Callable[..., Phone]) -> None:
    someone = phone(drawn(SPECIMEN))
    someone.visit()
    assert someone.verdict() == "Specimen"
    assert someone.light() == "amber"
    expect(someone.page.locator("#specimen")).to_be_visible()
    someone.reader.examine("verify-specimen")


def test_a_positive_test_is_not_green(phone: Callable[..., Phone]) -> None:
    found = mutations.result_of_test(tr="260373001")
    someone = phone(drawn(HEALTH.hc1(claims(found))))
    someone.visit()
    assert someone.verdict() == "Read this"
    assert someone.light() == "amber"
    assert "The result of the test is: detected." in someone.page.inner_text("#result")


def test_a_pass_of_which_its_list_tells_nothing_is_not_green(phone: Callable[..., Phone]) -> None:
    someone = phone(drawn(listed(4_096)))
    someone.visit()
    assert someone.verdict() == "Read this"
    assert someone.light() == "amber"
    assert "does not tell what became of it" in someone.page.inner_text("#result")


NATIVE = """(text) => {
    window.BarcodeDetector = class {
        static async getSupportedFormats() { return ["qr_code"]; }
        async detect() { return [{rawValue: text, format: "qr_code"}]; }
    };
}"""
VOICES = """(language) => {
    window.spoken = [];
    window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    Object.defineProperty(window, "speechSynthesis", {value: {
        getVoices: () => [{lang: language}], cancel: () => {},
        speak: (one) => window.spoken.push([one.text, one.lang]),
    }});
}"""


@pytest.mark.parametrize(("voice", "spoken"), [("km-KH", [["ផុតកំណត់", "km-KH"]]), ("en-US", [])])
def test_the_browsers_own_detector_is_used_and_a_word_is_spoken_in_its_language(
    phone: Callable[..., Phone], voice: str, spoken: list[list[str]]
) -> None:
    someone = phone(drawn("MENU"), language="km")
    for script, argument in ((NATIVE, EXPIRED), (VOICES, voice)):
        someone.page.add_init_script(f"({script})({json.dumps(argument)})")
    someone.visit()
    assert someone.verdict() == WORDS["km"]["old"]
    assert someone.page.evaluate("window.spoken") == spoken
    assert not any("decoder.js" in one for one in someone.page_asked)


@pytest.mark.parametrize("hint", ["closer", "other-kind"])
def test_half_a_code_and_a_code_of_another_kind_are_told(
    phone: Callable[..., Phone], hint: str
) -> None:
    if hint == "closer":
        picture = drawn(VALID)
        picture.paste(0, (0, 0, WIDTH // 3, HEIGHT))
    else:
        picture = Image.new("L", (WIDTH, HEIGHT), 255)
        aztec = zxingcpp.create_barcode("BOARDING PASS", zxingcpp.BarcodeFormat.Aztec)
        square = Image.fromarray(aztec.to_image(scale=8))
        picture.paste(square, ((WIDTH - square.width) // 2, (HEIGHT - square.height) // 2))
    someone = phone(picture)
    someone.visit()
    # The page is patient for some seconds before it says that it sees nothing.
    expect(someone.page.locator(f"[data-hint={hint}]")).to_be_visible(timeout=20_000)


def test_two_codes_at_once_are_too_many(phone: Callable[..., Phone]) -> None:
    someone = phone(drawn("MENU", "WIFI:S:home;;"))
    someone.visit()
    expect(someone.page.locator("[data-hint=two-codes]")).to_be_visible()


def test_a_card_in_two_codes_is_read_one_after_the_other(
    phone: Callable[..., Phone], world: World
) -> None:
    keys = {"keys": [issuers.jwk(HEALTH)]}
    world.folder.joinpath("pass-trust", "cards.jwks").write_text(json.dumps(keys))
    digits = HEALTH.shc(issuers.card()).removeprefix("shc:/")
    half = len(digits) // 4 * 2
    parts = [f"shc:/1/2/{digits[:half]}", f"shc:/2/2/{digits[half:]}"]
    someone = phone(*map(drawn, parts))
    someone.visit()
    assert someone.verdict() == "Valid"
    assert "Dara Sok" in someone.page.locator("#person").inner_text()


def test_a_picture_and_a_text_are_read_where_the_camera_is_denied(
    phone: Callable[..., Phone], tmp_path: Path
) -> None:
    someone = phone(denied=True)
    someone.context.clear_permissions()
    someone.visit()
    hint = someone.page.locator("[data-hint=camera-denied], [data-hint=camera-none]")
    expect(hint.locator("visible=true")).to_have_count(1)
    picture, empty = tmp_path / "pass.png", tmp_path / "empty.png"
    drawn(VALID).save(picture)
    Image.new("L", (200, 200), 255).save(empty)
    someone.page.set_input_files("#picture", picture)
    assert someone.verdict() == "Valid"
    someone.page.get_by_role("button", name="Next pass").click()
    someone.page.set_input_files("#picture", empty)
    expect(someone.page.locator("[data-hint=no-code]")).to_be_visible()
    someone.page.get_by_text("Paste the text of a code").click()
    someone.page.fill("#text", SPECIMEN[:100])
    someone.page.get_by_role("button", name="Verify").click()
    assert someone.verdict() == "Unreadable"
    someone.reader.examine("verify-unreadable")


def test_lists_that_are_too_old_or_from_the_future_are_never_green(
    phone: Callable[..., Phone],
) -> None:
    someone = phone(drawn(VALID))
    someone.page.clock.set_fixed_time(NOW + timedelta(days=8))
    someone.visit()
    assert someone.verdict() == "Lists too old"
    assert someone.light() == "red"
    someone.page.get_by_role("button", name="Next pass").click()
    expect(someone.page.locator("[data-lists=expired]")).to_be_visible()
    someone.page.clock.set_fixed_time(NOW - timedelta(hours=2))
    someone.visit()
    assert someone.verdict() == "Check the clock"
    assert someone.light() == "amber"


def test_without_a_script_the_page_says_what_to_do(playwright: Playwright, address: str) -> None:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    page = browser.new_context(java_script_enabled=False, locale="en").new_page()
    page.goto(f"{address}/verify")
    assert "camtrust pass verify" in page.inner_text("main")
    expect(page.locator("#app")).to_be_hidden()
    browser.close()


def test_the_page_fits_a_phone_in_both_languages(phone: Callable[..., Phone]) -> None:
    someone = phone(drawn())
    for language, title in (("km", "កម្មវិធីផ្ទៀងផ្ទាត់លិខិត"), ("en", "Pass verifier")):
        someone.visit(f"/verify/{language}")
        expect(someone.page.locator(".verify-title")).to_have_text(title)
        expect(someone.page.locator("[data-offline=ready]")).to_be_visible()
        expect(someone.page.locator("[data-lists=fresh]")).to_be_visible()
        someone.reader.examine(f"verify-{language}")
    manifest = someone.page.evaluate("fetch('/verify/manifest/km').then((one) => one.json())")
    assert manifest["start_url"] == "/verify/km"
