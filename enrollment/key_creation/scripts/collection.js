// The page of an issued certificate (templates/key_creation/collection.html): key and certificate
// come together in a PKCS #12 file.

import { ALGORITHMS, belongTogether, keyId } from "./algorithms.js";
import { certifiedKey } from "./certificates.js";
import { pemBlocks } from "./encodings.js";
import { drawn, handOut, hush, onAct, onEnter, say, show } from "./page.js";
import { makePkcs12 } from "./pkcs12.js";
import { readKeyFile, unseal } from "./sealed_keys.js";
import { find, forget } from "./store.js";

const TROUBLES = ["password-wrong", "file-wrong", "file-missing", "key-other", "failed"];

export class KeyCollection {
  constructor(root) {
    this.root = root;
    this.chain = pemBlocks("CERTIFICATE", root.dataset.chain);
    this.password = root.querySelector("[data-key-password]");
    this.record = null;
  }

  async start() {
    say(this.root, "no-script", false);
    onAct(this.root, "collect", () => this.collect());
    onEnter(this.root, [this.password], "collect");
    onAct(this.root, "forget", () => this.forget());
    const record = await find(this.root.dataset.keyId);
    // On a computer that several people use, each sees their own keys.
    this.record = record?.owner === this.root.dataset.owner ? record : null;
    await this.showState();
  }

  async showState() {
    const home = this.record?.home ?? null;
    this.when("browser", home === "browser" && (await this.isAlive()));
    this.when("kept", home === "file");
    this.when("absent", home === null);
    this.when("password", home !== "browser");
  }

  when(name, visible) {
    show(this.root.querySelector(`[data-key-when="${name}"]`), visible);
  }

  /** Try the key that stays in this browser: what it signs, its certificate verifies. */
  async isAlive() {
    const { name, hash } = how(this.record.algorithm);
    const probe = crypto.getRandomValues(new Uint8Array(32));
    try {
      const signature = await crypto.subtle.sign({ name, hash }, this.record.privateKey, probe);
      const key = await this.certifiedKey(this.record.algorithm);
      if (await crypto.subtle.verify({ name, hash }, key, signature, probe)) return true;
    } catch {
      // Said below.
    }
    say(this.root, "failed");
    return false;
  }

  certifiedKey(algorithm) {
    const octets = certifiedKey(this.chain[0]);
    return crypto.subtle.importKey("spki", octets, ALGORITHMS[algorithm].key, false, ["verify"]);
  }

  async collect() {
    hush(this.root, ...TROUBLES);
    const sealed = await this.sealedKey();
    if (sealed === null) return;
    const button = this.root.querySelector('[data-key-act="collect"]');
    button.disabled = true;
    say(this.root, "working");
    await drawn();
    try {
      const trouble = await this.handOutFile(sealed);
      if (trouble !== null) say(this.root, trouble);
    } catch {
      say(this.root, "failed");
    } finally {
      say(this.root, "working", false);
      button.disabled = false;
    }
  }

  /** Return the sealed key that waits here or is in the file that was chosen; null after saying why. */
  async sealedKey() {
    if (this.record !== null) return this.record.sealed;
    const [file] = this.root.querySelector("[data-key-file]").files;
    if (file === undefined) {
      say(this.root, "file-missing");
      return null;
    }
    const sealed = readKeyFile(await file.text());
    if (sealed === null) say(this.root, "file-wrong");
    return sealed;
  }

  /** Make the PKCS #12 file; return the name of what hindered it, or null. */
  async handOutFile(sealed) {
    const pkcs8 = await unseal(sealed, this.password.value);
    if (pkcs8 === null) return "password-wrong";
    const spki = certifiedKey(this.chain[0]);
    if (!(await this.fits(pkcs8, spki))) return "key-other";
    const name = this.root.dataset.fileName;
    const file = await makePkcs12({
      pkcs8,
      chain: this.chain,
      password: this.password.value,
      name,
    });
    this.password.value = "";
    handOut(this.root, `${name}.p12`, "application/x-pkcs12", file);
    say(this.root, "collected");
    this.when("removable", this.record !== null);
    return null;
  }

  async fits(pkcs8, spki) {
    if ((await keyId(spki)) !== this.root.dataset.keyId) return false;
    for (const algorithm of Object.keys(ALGORITHMS)) {
      if (await belongTogether(pkcs8, spki, algorithm)) return true;
    }
    return false;
  }

  async forget() {
    try {
      await forget(this.record.id);
    } catch {
      say(this.root, "failed");
      return;
    }
    say(this.root, "forgotten");
    this.when("removable", false);
    this.record = null;
    await this.showState();
  }
}

function how(algorithm) {
  const { key, hash } = ALGORITHMS[algorithm];
  return { name: key.name, hash };
}
