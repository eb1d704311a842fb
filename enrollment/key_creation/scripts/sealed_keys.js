// A private key encrypted under a password: EncryptedPrivateKeyInfo (RFC 5958, Section 3) with PBES2
// (RFC 8018, Section 6.2). So it lies in the browser's storage, and in key files.

import { fromBER } from "asn1js";
import { PKCS8ShroudedKeyBag, PrivateKeyInfo } from "pkijs";

import { pem, pemBlocks } from "./encodings.js";

export const KEY_FILE_LABEL = "ENCRYPTED PRIVATE KEY";
// Rounds of PBKDF2. The most that .NET reads of a file without being told to (300,000 for a key),
// and about half a second on a phone; a password of twelve characters has to hold with it.
export const ROUNDS = 250_000;

export const SEALING = {
  contentEncryptionAlgorithm: { name: "AES-CBC", length: 256 },
  hmacHashAlgorithm: "SHA-256",
  iterationCount: ROUNDS,
};

export function passwordOctets(password) {
  return new TextEncoder().encode(password).buffer;
}

/** Return the bag of a PKCS #12 file that holds a PKCS #8 private key under a password. */
export async function sealedBag(pkcs8, password) {
  const bag = new PKCS8ShroudedKeyBag({ parsedValue: PrivateKeyInfo.fromBER(pkcs8) });
  await bag.makeInternalValues({ ...SEALING, password: passwordOctets(password) });
  return bag;
}

/** Return the DER of a private key under a password. */
export async function seal(pkcs8, password) {
  return new Uint8Array((await sealedBag(pkcs8, password)).toSchema().toBER(false));
}

/** Return the PKCS #8 of a sealed key, or null when the password is another or the octets are not
 * of a key. A right guess by chance is found out by whoever compares with the public key. */
export async function unseal(sealed, password) {
  try {
    const bag = new PKCS8ShroudedKeyBag({ schema: fromBER(sealed).result });
    await bag.parseInternalValues({ password: passwordOctets(password) });
    return new Uint8Array(bag.parsedValue.toSchema().toBER(false));
  } catch {
    return null;
  }
}

/** Return the text of a key file (RFC 7468, Section 11). */
export function keyFile(sealed) {
  return pem(KEY_FILE_LABEL, sealed);
}

/** Return the sealed key in a key file, or null. */
export function readKeyFile(text) {
  try {
    return pemBlocks(KEY_FILE_LABEL, text)[0] ?? null;
  } catch {
    return null;
  }
}
