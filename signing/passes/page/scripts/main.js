// Begins: lists, camera, and what is judged. A pass is in this page's memory while its result is
// shown, and nowhere else; no request is sent while the camera looks.

import { PassVerifier } from "./verification.js";
import { stripped } from "./values.js";
import { Camera } from "./screen/camera.js";
import { codeReader } from "./screen/codes.js";
import { Collecting } from "./screen/collecting.js";
import { freshnessOf, keptLists, renewedLists } from "./screen/freshness.js";
import { UNREAD } from "./screen/lights.js";
import { chosen, find, remember, say, show, written } from "./screen/page.js";
import { Result } from "./screen/result.js";
import { sound, speak, wakeSounds } from "./screen/signals.js";

// Without a code in view for so long, the page says how to hold it. Milliseconds.
const PATIENCE = 6000;
// A pass that was shown is not shown again until it was out of view for so long. Milliseconds.
const OUT_OF_VIEW = 700;
const HOUR = 60 * 60 * 1000;

class VerifierPage {
  constructor() {
    this.lists = null;
    this.asked = 0;
    this.collecting = new Collecting();
    this.result = new Result(async () => {
      this.renew();
      await this.look();
      if (this.lastSeen && this.camera.isLooking) say("hint", "same");
    });
    this.language = document.documentElement.lang;
    this.lastSeen = null;
  }

  async start() {
    show(find("#app"));
    this.listen();
    if (!globalThis.crypto?.subtle || typeof BigInt === "undefined") {
      say("hint", "no-crypto");
      return;
    }
    this.take(await keptLists());
    this.reader = await codeReader();
    this.camera = new Camera(find("#video"), this.reader, (found) => this.found(found));
    const renewal = this.renew();
    // With lists from before nobody waits for a network.
    if (!this.lists) await renewal;
    this.look();
    keepForFlightMode();
  }

  listen() {
    for (const one of document.querySelectorAll("[name=mode]")) {
      one.checked = one.value === (chosen("mode") ?? "shop");
      one.addEventListener("change", () => {
        remember("mode", one.value);
        this.lastSeen = null;
      });
    }
    const loud = find("#loud");
    loud.checked = chosen("loud") !== "no";
    loud.addEventListener("change", () => remember("loud", loud.checked ? "yes" : "no"));
    document.addEventListener("click", wakeSounds);
    find("#picture").addEventListener("change", (event) => this.readPicture(event.target));
    find("#check-text").addEventListener("click", () => this.readText());
    find("#again").addEventListener("click", () => this.look());
    document.addEventListener("visibilitychange", () => this.changeVisibility());
    globalThis.addEventListener("online", () => this.camera?.isLooking || this.renew());
  }

  take(lists) {
    if (lists && (!this.lists || lists.signedAt >= this.lists.signedAt)) this.lists = lists;
    const freshness = freshnessOf(this.lists, Date.now());
    say("lists", freshness);
    if (!this.lists) return;
    find("#lists-date").textContent = written(this.lists.signedAt, true);
    find("#lists-end").textContent = written(this.lists.expiresAt);
    show(find("#lists-times"));
    show(find("#lists-empty"), this.lists.size === 0);
  }

  async renew() {
    if (Date.now() - this.asked < HOUR && this.lists) return;
    this.asked = Date.now();
    this.take(await renewedLists());
  }

  async look() {
    this.seenAt = performance.now();
    say("hint", this.lists ? "looking" : "no-lists");
    show(find("#again"), false);
    const trouble = await this.camera.start();
    if (trouble === null) return;
    say("hint", trouble);
    show(find("#again"));
  }

  changeVisibility() {
    if (!document.hidden) {
      this.renew();
      if (this.camera && !this.result.isOpen) this.look();
      return;
    }
    // Whoever takes the phone next sees nobody's name, and the camera is off.
    this.camera?.stop();
    this.result.clear();
  }

  /** What the camera found in one picture. */
  async found(found) {
    const { codes, hint, read, total } = this.collecting.take(found);
    if (codes) return this.judgeSeen(codes);
    if (hint === "part") find("#part").textContent = `${read} / ${total}`;
    if (hint) {
      this.seenAt = performance.now();
      say("hint", hint);
    } else if (this.lastSeen && performance.now() - this.seenAt > OUT_OF_VIEW) {
      this.lastSeen = null;
      say("hint", "looking");
    } else if (performance.now() - this.seenAt > PATIENCE) {
      say("hint", "closer");
    }
  }

  async judgeSeen(codes) {
    this.seenAt = performance.now();
    if (codes[0] === this.lastSeen || !this.lists) return;
    this.lastSeen = codes[0];
    const verdict = await this.verdictOf(codes);
    if (UNREAD.has(verdict.status)) {
      say("hint", verdict.status);
    } else {
      this.show(verdict);
    }
  }

  async readPicture(input) {
    const [file] = input.files;
    if (!file) return;
    input.value = "";
    this.camera?.pause();
    say("hint", "working");
    let found = [];
    try {
      found = await this.reader.read(await createImageBitmap(file));
    } catch (error) {
      // Said below: there is no code that can be read.
    }
    const codes = found.filter((one) => one.isQr).map((one) => one.text);
    if (codes.length) {
      await this.judge(codes);
    } else {
      say("hint", found.length ? "other-kind" : "no-code");
      show(find("#again"));
    }
  }

  async readText() {
    const field = find("#text");
    const codes = linesOf(field.value);
    if (!codes.length) {
      say("hint", "no-text");
      field.focus();
      return;
    }
    this.camera?.pause();
    await this.judge(codes);
    field.value = "";
  }

  async judge(codes) {
    if (!this.lists) {
      say("hint", "no-lists");
      return;
    }
    this.show(await this.verdictOf(codes));
  }

  verdictOf(codes) {
    return new PassVerifier(this.lists).verify(codes, Date.now());
  }

  show(verdict) {
    this.camera?.pause();
    const freshness = freshnessOf(this.lists, Date.now());
    const isBorder = find("[name=mode]:checked").value === "border";
    const { light, spoken } = this.result.open(verdict, { freshness, isBorder });
    if (!find("#loud").checked) return;
    sound(light);
    speak(spoken, this.language);
  }
}

// As the command line reads a file of text: a card's codes one a line, JSON as it is.
function linesOf(text) {
  if (stripped(text).startsWith("{")) return [stripped(text)];
  return text.split(/\r\n|\r|\n/).filter((one) => stripped(one));
}

async function keepForFlightMode() {
  if (!navigator.serviceWorker) return;
  try {
    await navigator.serviceWorker.register("/verify/worker.js", { scope: "/verify" });
    await navigator.serviceWorker.ready;
    say("offline", "ready");
  } catch (error) {
    say("offline", "not-ready");
  }
}

new VerifierPage().start();
