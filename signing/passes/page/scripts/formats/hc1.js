// HC1: the electronic health certificate of the EU and WHO (HCERT specification 1.0.8).

import { decode } from "../codecs/base45.js";
import { inflate } from "../codecs/compression.js";
import { readClaims, readSign1 } from "../codecs/cose.js";
import { PassRefused, badEncoding } from "../refusals.js";
import { readDcc } from "./dcc.js";
import { openToken } from "./tokens.js";
import { readDdcc, readIcvp } from "./who.js";

export const PREFIX = "HC1:";
// HCERT specification, Section 3.3.1.
const ALGORITHMS = ["ES256", "PS256"];
const EXP = 4;
const HCERT = -260;
const EU_DCC = 1;
const LINK = 5;
const SUB_CLAIMS = [
  [EU_DCC, readDcc],
  [3, readDdcc],
  [4, readDdcc],
  [-6, readIcvp],
];

export function openHc1(code, bounds) {
  const octets = decode(code.slice(PREFIX.length));
  const message = readSign1(inflate(octets, { most: bounds.largest_content }));
  const claims = readClaims(message);
  const isFlat = !claims.has(HCERT) && typeof claims.get("name") === "string";
  const [content, faults] = isFlat ? [readDdcc(claims), []] : contentOf(claims);
  return openToken("HC1", message, claims, { content, faults, algorithms: ALGORITHMS });
}

function contentOf(claims) {
  const held = claims.get(HCERT);
  if (!(held instanceof Map)) {
    throw badEncoding("The code is a signed token without a health certificate (claim -260).");
  }
  for (const [subClaim, read] of SUB_CLAIMS) {
    if (!held.has(subClaim)) continue;
    const faults = [];
    if (held.size > 1) faults.push("Claim -260 holds more than one certificate.");
    // HCERT specification, Section 3.3.4
    if (subClaim === EU_DCC && !claims.has(EXP)) {
      faults.push("The time of expiry (claim 4) is missing.");
    }
    return [read(unwrapped(held.get(subClaim), subClaim)), faults];
  }
  if (held.has(LINK)) {
    throw new PassRefused(
      "NOT_SUPPORTED",
      "The code is a verifiable health link: its content lies on a server, and nothing is " +
        "fetched here.",
    );
  }
  throw new PassRefused("NOT_SUPPORTED", "Its health certificate is of a kind not known here.");
}

function unwrapped(value, subClaim) {
  // WHO's model has a list for its own sub-claims; the EU's has the certificate itself.
  return subClaim !== EU_DCC && Array.isArray(value) && value.length === 1 ? value[0] : value;
}
