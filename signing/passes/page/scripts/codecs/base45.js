// Base45 (RFC 9285): two octets in three characters of a QR code's alphanumeric alphabet.

import { badEncoding } from "../refusals.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const VALUES = new Map(Array.from(ALPHABET, (character, value) => [character, value]));
const TEXT = /^[0-9A-Z $%*+\-./:]+$/;

export function isBase45(text) {
  return TEXT.test(text);
}

export function decode(text) {
  if (text && !isBase45(text)) {
    throw badEncoding("The code has a character that does not occur in base45 (RFC 9285).");
  }
  if (text.length % 3 === 1) {
    throw badEncoding("The code is a character too short or too long: base45 comes in threes.");
  }
  const whole = Math.floor(text.length / 3);
  const octets = new Uint8Array(2 * whole + (text.length % 3 ? 1 : 0));
  for (let at = 0; at < whole; at += 1) {
    const [one, two, three] = Array.from(text.substr(3 * at, 3), (found) => VALUES.get(found));
    const number = one + 45 * two + 2025 * three;
    if (number > 0xffff) throw tooLarge();
    octets[2 * at] = number >> 8;
    octets[2 * at + 1] = number & 0xff;
  }
  if (text.length % 3) {
    const [one, two] = Array.from(text.slice(-2), (found) => VALUES.get(found));
    if (one + 45 * two > 0xff) throw tooLarge();
    octets[2 * whole] = one + 45 * two;
  }
  return octets;
}

function tooLarge() {
  return badEncoding("Characters of the code stand for more than the octets of their place.");
}
