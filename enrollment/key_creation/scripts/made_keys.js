// Make a key for a form: the pair, its request, and what is kept of it.

import { keyId, makePair, publicOctets } from "./algorithms.js";
import { base64 } from "./encodings.js";
import { encryptForEscrow } from "./escrow.js";
import { makeRequest } from "./requests.js";
import { seal } from "./sealed_keys.js";

/** Return the record (store.js) of a new key that goes into a file. `escrowKey`: null or octets. */
export async function makeFileKey({ algorithm, password, escrowKey, owner, profile }) {
  const pair = await makePair(algorithm, { extractable: true });
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const record = await describe(pair, { algorithm, owner, profile, home: "file" });
  const escrow = escrowKey === null ? "" : base64(await encryptForEscrow(pkcs8, escrowKey));
  return { ...record, escrow, sealed: await seal(pkcs8, password) };
}

/** Return the record of a new key that never leaves this browser. */
export async function makeBrowserKey({ algorithm, owner, profile }) {
  const pair = await makePair(algorithm, { extractable: false });
  const record = await describe(pair, { algorithm, owner, profile, home: "browser" });
  return { ...record, escrow: "", privateKey: pair.privateKey };
}

async function describe(pair, { algorithm, owner, profile, home }) {
  const spki = await publicOctets(pair.publicKey);
  const request = await makeRequest(pair, algorithm);
  const made = new Date().toISOString();
  return { id: await keyId(spki), home, owner, profile, algorithm, spki, request, made };
}
