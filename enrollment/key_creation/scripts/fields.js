// One group of a form (templates/key_creation/fields.html): choose where the key lives, create it.

import { fromBase64 } from "./encodings.js";
import { makeBrowserKey, makeFileKey } from "./made_keys.js";
import { all, drawn, fill, handOut, hush, onAct, onEnter, say, show } from "./page.js";
import { faultOf, strengthOf, suggestion } from "./passwords.js";
import { keyFile } from "./sealed_keys.js";
import { keep, newest } from "./store.js";

const PASSWORD_FAULTS = ["password-short", "password-letters", "password-weak", "password-differs"];
const STATES = ["created", "kept-file", "kept-browser", "key-file", "missing"];
const TROUBLES = ["not-kept", "no-storage", "failed"];

export class KeyFields {
  constructor(root) {
    this.root = root;
    this.made = null;
    this.password = root.querySelector("[data-key-password]");
    this.again = root.querySelector("[data-key-password-again]");
  }

  /** Show what needs a script, and listen. */
  start() {
    say(this.root, "no-script", false);
    all(this.root, "[data-key-needs-script]").forEach((one) => show(one, true));
    all(this.root, 'input[type="radio"]').forEach((one) =>
      one.addEventListener("change", () => this.choose()),
    );
    this.password?.addEventListener("input", () => this.judgePassword());
    onEnter(this.root, [this.password, this.again], "create");
    onAct(this.root, "suggest", () => this.suggest());
    onAct(this.root, "create", () => this.create());
    onAct(this.root, "again", () => this.begin());
    onAct(this.root, "use-found", () => this.useFound());
    this.root.form?.addEventListener("submit", (event) => this.check(event));
    this.choose();
  }

  get home() {
    return this.root.querySelector('input[type="radio"]:checked')?.value ?? null;
  }

  get isShared() {
    return this.root.dataset.shared === "yes";
  }

  /** Another home was chosen: show what belongs to it. */
  async choose() {
    const creates = this.home === "file" || this.home === "browser";
    show(this.root.querySelector('[data-key-panel="own-request"]'), this.home === "own-request");
    show(this.root.querySelector('[data-key-panel="state-hsm"]'), this.home === "state-hsm");
    show(this.root.querySelector('[data-key-panel="create"]'), creates);
    show(this.root.querySelector('[data-key-for="file"]'), this.home === "file");
    if (creates) await this.begin();
  }

  /** No key is made yet for this form; one that waits from before is offered. */
  async begin() {
    this.put(null);
    hush(this.root, ...STATES, ...TROUBLES, ...PASSWORD_FAULTS, "found");
    const { owner, profile } = this.root.dataset;
    this.found = this.isShared ? null : await newest(owner, profile, this.home);
    say(this.root, "found", this.found !== null);
  }

  judgePassword() {
    const strength = this.password.value && strengthOf(this.password.value);
    for (const one of all(this.root, "[data-key-strength]")) {
      show(one, one.dataset.keyStrength === strength);
    }
  }

  suggest() {
    const password = suggestion();
    this.password.value = password;
    this.again.value = password;
    fill(this.root, "suggestion", password);
    say(this.root, "suggested");
    this.judgePassword();
  }

  async create() {
    hush(this.root, ...TROUBLES, ...PASSWORD_FAULTS, "missing");
    if (this.home === "file" && !this.isPasswordGood()) return;
    const button = this.root.querySelector('[data-key-act="create"]');
    button.disabled = true;
    say(this.root, "working");
    await drawn();
    try {
      await (this.home === "file" ? this.createForFile() : this.createForBrowser());
    } catch {
      say(this.root, "failed");
    } finally {
      say(this.root, "working", false);
      button.disabled = false;
    }
  }

  isPasswordGood() {
    let fault = faultOf(this.password.value);
    if (fault === null && this.password.value !== this.again.value) fault = "password-differs";
    if (fault === null) return true;
    say(this.root, fault);
    (fault === "password-differs" ? this.again : this.password).focus();
    return false;
  }

  async createForFile() {
    const { owner, profile, escrowKey } = this.root.dataset;
    const agreed = this.root.querySelector("[data-key-agreed]")?.checked ?? false;
    const record = await makeFileKey({
      algorithm: this.algorithm(),
      password: this.password.value,
      escrowKey: agreed ? fromBase64(escrowKey) : null,
      owner,
      profile,
    });
    const kept = !this.isShared && (await keep(record));
    this.use(record, kept ? "kept-file" : "key-file");
    this.forgetPassword();
    if (kept) return;
    say(this.root, "not-kept", !this.isShared);
    const name = `key-${profile}-${record.id.slice(0, 8)}.pem`;
    handOut(this.root, name, "application/x-pem-file", keyFile(record.sealed));
  }

  async createForBrowser() {
    const { owner, profile } = this.root.dataset;
    const record = await makeBrowserKey({ algorithm: this.algorithm(), owner, profile });
    if (await keep(record)) this.use(record, "kept-browser");
    else say(this.root, "no-storage");
  }

  useFound() {
    say(this.root, "found", false);
    this.use(this.found, this.found.home === "file" ? "kept-file" : "kept-browser");
  }

  /** Put a key's request into the form. */
  use(record, where) {
    this.put(record);
    fill(this.root, "fingerprint", record.id);
    say(this.root, "found", false);
    say(this.root, "created");
    say(this.root, where);
  }

  put(record) {
    this.made = record;
    const set = (selector, value) => {
      const field = this.root.querySelector(selector);
      if (field) field.value = value;
    };
    set("[data-key-request]", record?.request ?? "");
    set("[data-key-escrow]", record?.escrow ?? "");
    set("[data-key-consented]", record?.escrow ? this.root.dataset.escrowConsent : "");
    show(this.root.querySelector('[data-key-when="fresh"]'), record === null);
    show(this.root.querySelector('[data-key-when="made"]'), record !== null);
  }

  algorithm() {
    const chosen = this.root.querySelector("[data-key-algorithm]");
    return chosen?.value ?? this.root.dataset.algorithms.split(" ")[0];
  }

  forgetPassword() {
    for (const one of [this.password, this.again]) one.value = "";
    fill(this.root, "suggestion", "");
    say(this.root, "suggested", false);
    this.judgePassword();
  }

  /** A form that would be refused for want of a key is not sent. */
  check(event) {
    if ((this.home !== "file" && this.home !== "browser") || this.made !== null) return;
    event.preventDefault();
    say(this.root, "missing");
    this.root.querySelector('[data-key-act="create"]').focus();
  }
}
