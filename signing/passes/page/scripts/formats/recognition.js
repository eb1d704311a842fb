// Which format a text is of: the one place that tells them apart.

import { isBase45 } from "../codecs/base45.js";
import { isCompact } from "../codecs/jws.js";
import { decode, isNumeric } from "../codecs/numeric.js";
import { loads } from "../codecs/strict_json.js";
import { PassRefused, badEncoding } from "../refusals.js";
import { lengthOf, stripped } from "../values.js";
import { looksLikeToken, openClaim169 } from "./claim169.js";
import { PREFIX, openHc1 } from "./hc1.js";
import { cardOfFile, openShc } from "./shc.js";
import { isVdsNc, openVdsNc } from "./vds_nc.js";

// Kinds of code that a reader meets and this one does not judge, and what to say of them.
const OTHERS = [
  [/^[A-Z]{2}[0-9]:/, "a health certificate of a version or a country not known here"],
  [/^(?:https?:\/\/\S+#)?shlink:\//, "a SMART Health Link: its content lies on a server"],
  [/^vhlink:\//, "a verifiable health link: its content lies on a server"],
  [/^B64:/, "a DIVOC certificate, which is not read here"],
  [/^https?:\/\//, "an address on the web, not a pass"],
];

/** Open the pass that one or several codes hold; several are the parts of one card. */
export async function openCodes(codes, bounds) {
  const texts = Array.from(new Set(codes.map(bare)));
  if (!texts.length) throw badEncoding("There is no code.");
  if (texts.reduce((sum, one) => sum + lengthOf(one), 0) > bounds.longest_code) {
    throw badEncoding("The text is longer than that of any pass.");
  }
  if (texts.every(isNumeric)) return openShc(decode(texts, bounds.most_chunks), bounds);
  if (texts.length > 1) {
    throw badEncoding(`There are ${texts.length} codes: check one pass at a time.`);
  }
  return open(texts[0], bounds);
}

function bare(code) {
  // A blank is a character of base45, and of no other format.
  return isBase45(code) || code.startsWith(PREFIX) ? code : stripped(code);
}

function open(text, bounds) {
  if (text.startsWith(PREFIX)) return openHc1(text, bounds);
  if (text.startsWith("{")) return openJson(text, bounds);
  for (const [pattern, what] of OTHERS) {
    if (pattern.test(text)) throw new PassRefused("NOT_SUPPORTED", `The code is ${what}.`);
  }
  if (isCompact(text)) return openShc(text, bounds);
  if (looksLikeToken(text)) return openClaim169(text, bounds);
  throw new PassRefused("NOT_SUPPORTED", "The code is no pass of a kind that is known here.");
}

function openJson(text, bounds) {
  const value = loads(text);
  if (isVdsNc(value)) return openVdsNc(value);
  const card = cardOfFile(value);
  if (card !== null) return openShc(card, bounds);
  throw new PassRefused("NOT_SUPPORTED", "The code is JSON, but no pass of a kind known here.");
}
