// Signatures of passes: a closed table of algorithms, and what each asks of key and octets.

import { PassRefused } from "../refusals.js";

// NIST SP 800-57 Part 1, Table 2: 112 bits.
const SMALLEST_RSA = 2048;
const LARGEST_RSA = 8192;
const DER = 0x30;
const SHA256 = "SHA-256";

// RFC 9053, Section 2.1: r and s, each as long as the curve's order.
const ALGORITHMS = {
  ES256: { kind: "P-256", half: 32, hash: SHA256 },
  ES384: { kind: "P-384", half: 48, hash: "SHA-384" },
  ES512: { kind: "P-521", half: 66, hash: "SHA-512" },
  PS256: { kind: "RSA" },
  EdDSA: { kind: "Ed25519" },
};
// RFC 9053, Sections 2.1 and 2.2; RFC 8230, Section 2.
export const COSE_ALGORITHMS = new Map([
  [-7, "ES256"],
  [-35, "ES384"],
  [-36, "ES512"],
  [-37, "PS256"],
  [-8, "EdDSA"],
]);

/** This key did not make this signature; the verifier may try another. */
export class SignatureWrong extends Error {}

/** Verify `signed` ({algorithm, octets, signature}) by a PublicKey; throws SignatureWrong. */
export async function checkSignature(key, signed) {
  const wanted = ALGORITHMS[signed.algorithm];
  if (key.kind !== wanted.kind) {
    throw new SignatureWrong(
      `The code names ${signed.algorithm}; the signer's key is of another kind.`,
    );
  }
  const { imports, verifies } = schemeOf(key, signed, wanted);
  const found = await imported(key, imports, signed.algorithm);
  if (!(await crypto.subtle.verify(verifies, found, signed.signature, signed.octets))) {
    throw new SignatureWrong("The content was altered after signing, or is forged.");
  }
}

function schemeOf(key, signed, wanted) {
  if (wanted.kind === "Ed25519") return { imports: wanted.kind, verifies: wanted.kind };
  if (wanted.kind === "RSA") {
    if (key.bits < SMALLEST_RSA || key.bits > LARGEST_RSA) {
      throw new SignatureWrong(`The signer's RSA key has ${key.bits} bits; 2048 are the least.`);
    }
    // RFC 8230, Section 2: MGF1 and a salt, both by SHA-256.
    return {
      imports: { name: "RSA-PSS", hash: SHA256 },
      verifies: { name: "RSA-PSS", saltLength: 32 },
    };
  }
  const { length, 0: first } = signed.signature;
  if (length !== 2 * wanted.half) {
    throw new SignatureWrong(
      length > 2 * wanted.half && first === DER
        ? "The signature is written in DER, not as r and s."
        : `The signature has ${length} octets, not ${2 * wanted.half}.`,
    );
  }
  return {
    imports: { name: "ECDSA", namedCurve: wanted.kind },
    verifies: { name: "ECDSA", hash: wanted.hash },
  };
}

async function imported(key, scheme, algorithm) {
  try {
    return await key.imported(scheme);
  } catch (error) {
    if (error.name !== "NotSupportedError") {
      throw new SignatureWrong("The signer's key cannot verify this signature.");
    }
    // Ed25519 came to browsers in 2023 to 2025: what is not there is no sign of a forgery.
    throw new PassRefused(
      "NOT_SUPPORTED",
      `This browser cannot verify ${algorithm}: check the pass with another one.`,
    );
  }
}
