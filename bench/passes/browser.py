"""The verifier's page in Chromium, as a subject: from a camera's picture to a verdict that stands.

A question is ``{"count": n}``; the answer is the median of so many verdicts in milliseconds. The
picture is as a camera takes it: 1280 by 720 dots, the code in its middle.
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread

import structlog
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from bench.passes.ours import KIND, Ours
from bench.subject import Answer, answer_questions
from camtrust.app import create_app
from camtrust.listeners import Listener
from camtrust.passes import TRUST_FOLDER
from camtrust.web_parts import app_parts
from camtrust.wiring import Services
from signing.passes.issuing.pictures import PictureFormat, picture
from signing.passes.issuing.signers import HEALTH

CHROMIUM = "/usr/bin/chromium"
FRAME = (1280, 720)
CODE_DOTS = 600
# From the moment at which the picture is given until the screen has the verdict.
TIMED = """
async ({ picture, count }) => {
  const octets = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
  const input = document.querySelector("#picture");
  const result = document.querySelector("#result");
  const drawn = () => new Promise((done) => requestAnimationFrame(done));
  const found = [];
  for (let turn = 0; turn < count; turn += 1) {
    const chosen = new DataTransfer();
    chosen.items.add(new File([octets], "frame.png", { type: "image/png" }));
    input.files = chosen.files;
    const began = performance.now();
    input.dispatchEvent(new Event("change"));
    while (result.hidden) await drawn();
    found.push(performance.now() - began);
    if (result.dataset.light !== "green") throw new Error(result.dataset.light);
    document.querySelector("#next").click();
    await drawn();
  }
  return found.sort((one, other) => one - other)[count >> 1];
}
"""


def _prepare(configuration: Answer) -> Callable[[Answer], Answer]:
    # Standard output is for answers.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    services = Services(home=Path(configuration["home"]))
    trust = services.home / TRUST_FOLDER
    trust.mkdir(exist_ok=True)
    certificate = services.passes.signers.signer(HEALTH).held.certificate_der
    (trust / "health.der").write_bytes(certificate)
    server = make_server("127.0.0.1", 0, create_app(app_parts(services), Listener.PUBLIC))
    Thread(target=server.serve_forever, daemon=True).start()
    browser = (
        sync_playwright().start().chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    )
    page = browser.new_page()
    # A browser has WebCrypto on localhost without TLS too.
    page.goto(f"http://localhost:{server.port}/verify/en")
    page.wait_for_selector("#lists-times:visible")
    return partial(_judge, page, _frame(Ours(services)))


def _judge(page: Page, frame: str, question: Answer) -> Answer:
    taken = page.evaluate(TIMED, {"picture": frame, "count": int(question["count"])})
    return {"milliseconds": taken}


def _frame(ours: Ours) -> str:
    [text] = ours.some(1)
    drawn = Image.open(io.BytesIO(picture(KIND, text, PictureFormat.PNG))).convert("L")
    frame = Image.new("L", FRAME, 190)
    side = (CODE_DOTS, CODE_DOTS)
    place = ((FRAME[0] - CODE_DOTS) // 2, (FRAME[1] - CODE_DOTS) // 2)
    frame.paste(drawn.resize(side, Image.Resampling.LANCZOS), place)
    buffer = io.BytesIO()
    frame.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


if __name__ == "__main__":
    answer_questions(_prepare)
