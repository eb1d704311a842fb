// Values of CBOR and JSON. Objects and maps are a Map, so that no member has a meaning of its own
// ("__proto__"); integers are a number or, where that is not exact, a BigInt; octets a Uint8Array.

/** A number that is written with a fraction: 1.0 is no key and no algorithm, where 1 is one. */
export class Fraction {
  constructor(value) {
    this.value = value;
  }
}

/** Return the integer as a number where that is exact. */
export function integer(value) {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}

export function isInteger(value) {
  return typeof value === "number" || typeof value === "bigint";
}

export function isNumber(value) {
  return isInteger(value) || value instanceof Fraction;
}

/** Return what can be compared with < and >. */
export function bare(value) {
  return value instanceof Fraction ? value.value : value;
}

/** Return a text that says something, or null. */
export function text(value) {
  return typeof value === "string" && value ? value : null;
}

/** Return the map, or an empty one in place of something else. */
export function members(value) {
  return value instanceof Map ? value : new Map();
}

export function list(value) {
  return Array.isArray(value) ? value : [];
}

/** Tell whether a value is there and not empty, zero or false. */
export function isSomething(value) {
  if (value instanceof Map) return value.size > 0;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  return Boolean(bare(value));
}

/** Return the number of characters, which is not that of UTF-16's units. */
export function lengthOf(value) {
  let count = 0;
  for (const _ of value) count += 1;
  return count;
}

/** Return the first characters of a text. */
export function beginning(value, most) {
  return Array.from(value.slice(0, 2 * most)).slice(0, most).join("");
}

const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const AROUND = new RegExp(`^${BLANK}|${BLANK}$`, "g");

/** Take blanks off both ends: those of Unicode, and no byte order mark. */
export function stripped(value) {
  return value.replace(AROUND, "");
}
