// Claim 169: identity data of MOSIP in a CBOR Web Token (base45, zlib, COSE_Sign1; no prefix).

import { decode, isBase45 } from "../codecs/base45.js";
import { inflate } from "../codecs/compression.js";
import { readClaims, readSign1 } from "../codecs/cose.js";
import { PassRefused } from "../refusals.js";
import { CLAIM_169 } from "../rules/schemas.js";
import { isInteger, lengthOf, text } from "../values.js";
import { EVERY } from "./health_usages.js";
import { content, usage } from "./opened.js";
import { openToken } from "./tokens.js";

const ALGORITHMS = ["ES256", "EdDSA", "PS256"];
const IDENTITY = 169;
const FULL_NAME = 4;
const NAME_PARTS = [5, 6, 7];
const BORN = 8;
const FACE = 16;
// RFC 1950, Section 2.2: DEFLATE with a window of 32 KiB, which every compressor writes.
const ZLIB = 0x78;

/** Tell whether a text is base45 of a zlib stream. */
export function looksLikeToken(code) {
  if (!isBase45(code)) return false;
  try {
    return decode(code.slice(0, 3))[0] === ZLIB;
  } catch (error) {
    return false;
  }
}

export function openClaim169(code, bounds) {
  const message = readSign1(inflate(decode(code), { most: bounds.largest_content }));
  const claims = readClaims(message);
  if (!claims.has(IDENTITY)) {
    throw new PassRefused(
      "NOT_SUPPORTED",
      "The code is a signed token without identity data (claim 169). A health certificate would " +
        "begin with HC1:.",
    );
  }
  const readContent = () => contentOf(claims.get(IDENTITY));
  return openToken("CLAIM-169", message, claims, { readContent, faults: [], algorithms: ALGORITHMS });
}

function contentOf(identity) {
  if (!(identity instanceof Map)) {
    return content("Identity", { faults: ["Claim 169 is not a map."] });
  }
  // The schema is written for JSON, whose members have names, and which has no octets.
  const members = new Map(
    Array.from(identity)
      .filter(([key]) => isInteger(key))
      .map(([key, value]) => [String(key), value]),
  );
  const faults = CLAIM_169.faults(members);
  const face = identity.get(FACE);
  if (identity.has(FACE) && !(face instanceof Uint8Array && face.length)) {
    faults.push("16 is no picture.");
  }
  const parts = NAME_PARTS.map((part) => text(identity.get(part))).filter(Boolean);
  return content("Identity", {
    subject: {
      name: text(identity.get(FULL_NAME)) ?? (parts.join(" ") || null),
      dateOfBirth: dateOf(identity.get(BORN)),
    },
    usage: usage({ refused: EVERY }),
    faults,
    document: members,
  });
}

function dateOf(value) {
  const found = (text(value) ?? "").replace(/-/g, "");
  if (lengthOf(found) !== 8) return null;
  const digits = Array.from(found);
  return [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].map((one) => one.join("")).join("-");
}
