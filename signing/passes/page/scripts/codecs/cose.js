// COSE_Sign1 (RFC 9052, Section 4.2) and the claims of a CBOR Web Token (RFC 8392).

import { PassRefused, badEncoding } from "../refusals.js";
import { isInteger } from "../values.js";
import { Tagged, decode, encodeList } from "./cbor.js";
import { COSE_ALGORITHMS } from "./signatures.js";

const SIGN1 = 18;
const CWT = 61;
// RFC 9052, Section 3.1
const ALG = 1;
const CRIT = 2;
const KID = 4;

/** A message with one signer. */
export class Sign1 {
  constructor(protectedOctets, protectedHeader, unprotected, payload, signature) {
    this.protectedOctets = protectedOctets;
    this.protectedHeader = protectedHeader;
    this.unprotected = unprotected;
    this.payload = payload;
    this.signature = signature;
  }

  /** The kid: the protected one if there is one (HCERT specification, Section 3.3.2). */
  get keyId() {
    const found = (this.protectedHeader.has(KID) ? this.protectedHeader : this.unprotected).get(KID);
    return found instanceof Uint8Array && found.length ? found : null;
  }

  /** Return what the signature covers; `alg` counts in the protected header alone. */
  signed(allowed) {
    const number = this.protectedHeader.get(ALG);
    const algorithm = COSE_ALGORITHMS.get(number);
    if (!allowed.includes(algorithm)) {
      throw new PassRefused(
        "INVALID_SIGNATURE",
        `The code names the algorithm ${isInteger(number) ? number : "(none)"}, which passes of ` +
          "this kind never use, or names none under its signature.",
      );
    }
    // RFC 9052, Section 4.4
    const structure = ["Signature1", this.protectedOctets, new Uint8Array(), this.payload];
    return { algorithm, octets: encodeList(structure), signature: this.signature };
  }
}

/** Read a message, tagged as COSE_Sign1, as CWT, as both, or untagged as some issuers do. */
export function readSign1(octets) {
  let value = decode(octets);
  for (const tag of [CWT, SIGN1]) {
    if (value instanceof Tagged && value.tag === tag) value = value.value;
  }
  if (value instanceof Tagged) {
    throw badEncoding("The CBOR of the code holds what no pass has: a CBORTag.");
  }
  if (!Array.isArray(value) || value.length !== 4) {
    throw badEncoding("The code holds CBOR, but no COSE_Sign1 message.");
  }
  const [protectedOctets, unprotected, payload, signature] = value;
  const isOctets = [protectedOctets, payload, signature].every((one) => one instanceof Uint8Array);
  if (!isOctets || !(unprotected instanceof Map)) {
    throw badEncoding("A part of the COSE_Sign1 message is of the wrong type.");
  }
  // RFC 9052, Section 3: an empty map is encoded as no octets.
  const protectedHeader = protectedOctets.length ? decode(protectedOctets) : new Map();
  if (!(protectedHeader instanceof Map)) {
    throw badEncoding("The protected header of the COSE_Sign1 message is not a map.");
  }
  if (protectedHeader.has(CRIT) || unprotected.has(CRIT)) {
    throw new PassRefused("NOT_SUPPORTED", "The code asks for headers that are not known here.");
  }
  return new Sign1(protectedOctets, protectedHeader, unprotected, payload, signature);
}

export function readClaims(message) {
  const claims = decode(message.payload);
  if (!(claims instanceof Map)) throw badEncoding("What is signed is not a map of claims.");
  return claims;
}
