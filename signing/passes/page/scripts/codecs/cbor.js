// CBOR (RFC 8949) as strangers may send it: bounded, one meaning, plain values only.

import { badEncoding } from "../refusals.js";
import { Fraction, integer } from "../values.js";
import { areSame, joined, utf8 } from "./octets.js";

const DEEPEST = 16;
// RFC 8949, Section 3.4: dates as text and number, and what only says that this is CBOR. Their
// content is taken as it is.
const PASSED_OVER = new Set([0, 1, 55799]);
const REFUSED = new Set([
  2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000,
]);
const BREAK = Symbol("break");

/** A tag that a caller has to know; there is none further down. */
export class Tagged {
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

/** Return the one item that the octets are. A tag is a `Tagged` at the top alone. */
export function decode(octets) {
  let value;
  const reader = new Reader(octets);
  try {
    value = reader.item(0, true);
    if (value === BREAK) throw new Error("a break alone");
  } catch (error) {
    throw badEncoding("The CBOR of the code is broken, too deep, or has a key twice.");
  }
  if (reader.at !== octets.length) throw badEncoding("Something follows the CBOR item of the code.");
  return value;
}

class Reader {
  constructor(octets) {
    this.octets = octets;
    this.view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    this.at = 0;
  }

  take(count) {
    if (count > this.octets.length - this.at) throw new Error("cut off");
    this.at += Number(count);
    return this.octets.subarray(this.at - Number(count), this.at);
  }

  /** Read the argument of a head (Section 3): a number, a BigInt, or null for "indefinite". */
  argument(low) {
    if (low < 24) return low;
    if (low === 31) return null;
    if (low > 27) throw new Error("reserved");
    const at = this.at;
    this.take(1 << (low - 24));
    if (low === 24) return this.view.getUint8(at);
    if (low === 25) return this.view.getUint16(at);
    if (low === 26) return this.view.getUint32(at);
    return integer(this.view.getBigUint64(at));
  }

  definite(low) {
    const found = this.argument(low);
    if (found === null) throw new Error("indefinite");
    return found;
  }

  item(depth, isTop = false) {
    if (depth > DEEPEST) throw new Error("too deep");
    const head = this.take(1)[0];
    const low = head & 0x1f;
    switch (head >> 5) {
      case 0:
        return this.definite(low);
      case 1:
        return integer(-1n - BigInt(this.definite(low)));
      case 2:
        return this.string(2, low, (octets) => octets);
      case 3:
        return this.string(3, low, utf8);
      case 4:
        return this.array(low, depth);
      case 5:
        return this.map(low, depth);
      case 6:
        return this.tagged(this.definite(low), depth, isTop);
      default:
        return this.special(low);
    }
  }

  plain(depth) {
    const value = this.item(depth);
    if (value === BREAK) throw new Error("a break where an item belongs");
    return value;
  }

  string(major, low, read) {
    const length = this.argument(low);
    if (length !== null) return read(this.take(length));
    const parts = [];
    for (;;) {
      const head = this.take(1)[0];
      if (head === 0xff) break;
      if (head >> 5 !== major) throw new Error("a chunk of another kind");
      parts.push(read(this.take(this.definite(head & 0x1f))));
    }
    return major === 3 ? parts.join("") : joined(...parts);
  }

  array(low, depth) {
    const found = [];
    this.each(low, depth, (value) => found.push(value));
    return found;
  }

  map(low, depth) {
    const found = new Map();
    this.each(low, depth, (key) => {
      if (has(found, key)) throw new Error("a key twice");
      found.set(key, this.plain(depth + 1));
    });
    return found;
  }

  each(low, depth, keep) {
    const count = this.argument(low);
    for (let number = 0; count === null || number < count; number += 1) {
      const value = this.item(depth + 1);
      if (value === BREAK) {
        if (count === null) return;
        throw new Error("a break where an item belongs");
      }
      keep(value);
    }
  }

  tagged(tag, depth, isTop) {
    if (REFUSED.has(tag)) throw new Error("a tag that no pass has");
    const isPassedOver = PASSED_OVER.has(tag);
    const value = this.item(depth + 1, isTop);
    if (value === BREAK || !(isTop || isPassedOver)) throw new Error("a tag that no pass has");
    return isPassedOver ? value : new Tagged(tag, value);
  }

  special(low) {
    switch (low) {
      case 20:
      case 21:
        return low === 21;
      case 22:
        return null;
      case 25:
        return finite(half(this.view.getUint16(this.skip(2))));
      case 26:
        return finite(this.view.getFloat32(this.skip(4)));
      case 27:
        return finite(this.view.getFloat64(this.skip(8)));
      case 31:
        return BREAK;
      default:
        throw new Error("a simple value that no pass has");
    }
  }

  skip(count) {
    this.take(count);
    return this.at - count;
  }
}

function has(found, key) {
  if (key instanceof Uint8Array) {
    return Array.from(found.keys()).some((one) => one instanceof Uint8Array && areSame(one, key));
  }
  if (typeof key === "string" || typeof key === "number" || typeof key === "bigint") {
    return found.has(key);
  }
  throw new Error("a key of a kind that no pass has");
}

function finite(value) {
  if (!Number.isFinite(value)) throw new Error("no number");
  return new Fraction(value);
}

// RFC 8949, Appendix D.
function half(bits) {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return NaN;
  const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
  return bits & 0x8000 ? -size : size;
}

/** Return the CBOR of a list of texts and octets. */
export function encodeList(values) {
  const parts = [head(4, values.length)];
  for (const one of values) {
    const octets = typeof one === "string" ? new TextEncoder().encode(one) : one;
    parts.push(head(typeof one === "string" ? 3 : 2, octets.length), octets);
  }
  return joined(...parts);
}

function head(major, count) {
  const first = major << 5;
  if (count < 24) return Uint8Array.of(first | count);
  if (count < 0x100) return Uint8Array.of(first | 24, count);
  if (count < 0x10000) return Uint8Array.of(first | 25, count >> 8, count & 0xff);
  return Uint8Array.of(first | 26, count >>> 24, (count >> 16) & 0xff, (count >> 8) & 0xff, count & 0xff);
}
