// Numeric QR segments of SMART Health Cards: two digits a character, in one code or several.

import { badEncoding } from "../refusals.js";

// Two digits are the character's number less 45; compact JWS has characters from "-" to "z".
const BASE = 45;
const HIGHEST = 122;
const CODE = /^shc:\/(?:([0-9]{1,3})\/([0-9]{1,3})\/)?([0-9]+)$/;

export function isNumeric(text) {
  return text.startsWith("shc:");
}

/** Return which part of how many a code says it is: [2, 3]; null for what is no such code. */
export function partOf(code) {
  const found = CODE.exec(code);
  return found ? [Number(found[1] || 1), Number(found[2] || 1)] : null;
}

/** Return the text of one code, or of the chunks of one text in whatever order they come. */
export function decode(codes, most) {
  const chunks = new Map();
  const totals = new Set();
  for (const code of codes) {
    const found = CODE.exec(code);
    if (!found) throw badEncoding("A SMART Health Card's code is shc:/ and digits behind it.");
    const [number, total] = partOf(code);
    totals.add(total);
    if (!chunks.has(number)) chunks.set(number, found[3]);
    if (chunks.get(number) !== found[3]) {
      throw badEncoding("Two different codes say that they are the same part of one card.");
    }
  }
  if (totals.size !== 1) {
    throw badEncoding("The codes belong to different cards: check one card at a time.");
  }
  const [count] = totals;
  if (count < 1 || count > most) {
    throw badEncoding(`A card may be spread over ${most} codes at most.`);
  }
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  if (chunks.size !== count || !numbers.every((number) => chunks.has(number))) {
    throw badEncoding(
      `The card is spread over ${count} codes, and ${chunks.size} of them are here.`,
    );
  }
  return numbers.map((number) => characters(chunks.get(number))).join("");
}

function characters(digits) {
  if (digits.length % 2) {
    throw badEncoding("A digit of the code is missing, or there is one too many.");
  }
  let text = "";
  for (let at = 0; at < digits.length; at += 2) {
    const number = Number(digits.slice(at, at + 2)) + BASE;
    if (number > HIGHEST) {
      throw badEncoding("Two digits of the code stand for no character of a JWS.");
    }
    text += String.fromCharCode(number);
  }
  return text;
}
