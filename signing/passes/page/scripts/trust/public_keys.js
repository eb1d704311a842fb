// Public keys as X.509 has them (SubjectPublicKeyInfo), and what WebCrypto takes of them.

import { INTEGER, OID, SEQUENCE, first } from "../codecs/der.js";

const RSA = "1.2.840.113549.1.1.1";
const EC = "1.2.840.10045.2.1";
const ED25519 = "1.3.101.112";
const CURVES = {
  "1.2.840.10045.3.1.7": ["P-256", 65],
  "1.3.132.0.34": ["P-384", 97],
  "1.3.132.0.35": ["P-521", 133],
};
// RFC 5480, RFC 5639, RFC 8410: keys that exist, and that no algorithm of passes uses.
const OTHERS = /^1\.3\.101\.11[013]$|^1\.2\.840\.10040\.4\.1$/;
const OTHER_CURVES = /^1\.2\.840\.10045\.3\.[01]\.[0-9]+$|^1\.3\.132\.0\.[0-9]+$|^1\.3\.36\.3\.3\.2\.8\.1\.1\.[0-9]+$/;
const UNCOMPRESSED = 4;

/** A key; `kind` is RSA, Ed25519, a curve's name, or "other". */
export class PublicKey {
  constructor(spki) {
    this.spki = spki;
    this.imports = new Map();
    const [algorithm, bits] = first(spki).as(SEQUENCE).inner;
    const [name, parameters] = algorithm.as(SEQUENCE).inner;
    this.read(name.oid, parameters, bits.bits);
  }

  read(name, parameters, octets) {
    this.kind = "other";
    if (name === RSA) {
      const [modulus] = first(octets).as(SEQUENCE).inner;
      const { content } = modulus.as(INTEGER);
      const number = content.subarray(content.findIndex((one) => one !== 0));
      this.kind = "RSA";
      this.bits = 8 * number.length - (Math.clz32(number[0]) - 24);
    } else if (name === EC) {
      this.readCurve(parameters.as(OID).oid, octets);
    } else if (name === ED25519) {
      if (octets.length !== 32) throw new Error("no key");
      this.kind = "Ed25519";
    } else if (!OTHERS.test(name)) {
      throw new Error("a key of an unknown kind");
    }
  }

  readCurve(name, octets) {
    const known = CURVES[name];
    if (!known && !OTHER_CURVES.test(name)) throw new Error("a curve that is not known");
    if (known && (octets[0] !== UNCOMPRESSED || octets.length !== known[1])) {
      throw new Error("no point of the curve in its long form");
    }
    if (known) [this.kind] = known;
  }

  /** Return the CryptoKey for a scheme; throws what WebCrypto throws. */
  async imported(scheme) {
    const name = JSON.stringify(scheme);
    if (!this.imports.has(name)) {
      const found = await crypto.subtle.importKey("spki", this.spki, scheme, true, ["verify"]);
      this.imports.set(name, found);
    }
    return this.imports.get(name);
  }

  /** Throw unless the point of an elliptic curve's key is on its curve. */
  async check() {
    if (this.kind.startsWith("P-")) await this.imported({ name: "ECDSA", namedCurve: this.kind });
  }
}
