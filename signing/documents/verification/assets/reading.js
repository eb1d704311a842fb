// Reads what the QR code of a stamp holds after the "#": base32 (RFC 4648), CBOR (RFC 8949) as far
// as summaries use it, and Khmer in one octet a letter. Throws whatever does not fit.
"use strict";

(() => {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const MOST_OCTETS = 300;

  function fromBase32(text) {
    let value = 0;
    let bits = 0;
    const octets = [];
    for (const character of text) {
      const five = ALPHABET.indexOf(character);
      if (five < 0) throw new Error("not base32");
      value = (value << 5) | five;
      bits += 5;
      if (bits >= 8) {
        bits -= 8;
        octets.push((value >> bits) & 0xff);
      }
      value &= (1 << bits) - 1;
    }
    if (value !== 0 || bits >= 5) throw new Error("not in its one spelling");
    if (octets.length > MOST_OCTETS) throw new Error("too long");
    return new Uint8Array(octets);
  }

  // RFC 8949, Section 3: major types 0 to 5, with definite lengths in their shortest form.
  class Reader {
    constructor(octets) {
      this.octets = octets;
      this.at = 0;
    }

    take(count) {
      if (count > this.octets.length - this.at) throw new Error("cut off");
      this.at += count;
      return this.octets.subarray(this.at - count, this.at);
    }

    argument(low) {
      if (low < 24) return low;
      const width = { 24: 1, 25: 2, 26: 4, 27: 8 }[low];
      if (width === undefined) throw new Error("not supported");
      const value = this.take(width).reduce((sum, octet) => sum * 256 + octet, 0);
      const least = { 1: 24, 2: 0x100, 4: 0x10000, 8: 0x100000000 }[width];
      if (value < least || !Number.isSafeInteger(value)) throw new Error("not shortest");
      return value;
    }

    value() {
      const [head] = this.take(1);
      const count = this.argument(head & 0x1f);
      switch (head >> 5) {
        case 0:
          return count;
        case 1:
          return -1 - count;
        case 2:
          return this.take(count);
        case 3:
          return new TextDecoder("utf-8", { fatal: true }).decode(this.take(count));
        case 4:
          return this.several(count, () => this.value());
        case 5:
          return new Map(this.several(count, () => [this.value(), this.value()]));
        default:
          throw new Error("not supported");
      }
    }

    several(count, read) {
      if (count > MOST_OCTETS) throw new Error("too many");
      return Array.from({ length: count }, read);
    }
  }

  function fromCbor(octets) {
    const reader = new Reader(octets);
    const value = reader.value();
    if (reader.at !== octets.length) throw new Error("something follows");
    return value;
  }

  function head(major, count) {
    if (count < 24) return [(major << 5) | count];
    if (count < 0x100) return [(major << 5) | 24, count];
    return [(major << 5) | 25, count >> 8, count & 0xff];
  }

  function cborBytes(octets) {
    return [...head(2, octets.length), ...octets];
  }

  // RFC 9052, Section 4.4: what a COSE_Sign1 signature is over.
  function toBeSigned(protectedHeader, external, payload) {
    const context = [...new TextEncoder().encode("Signature1")];
    return new Uint8Array([
      ...head(4, 4),
      ...head(3, context.length),
      ...context,
      ...cborBytes(protectedHeader),
      ...cborBytes(external),
      ...cborBytes(payload),
    ]);
  }

  function textOf(value) {
    if (typeof value === "string") return value;
    const letters = Array.from(value, (octet) =>
      String.fromCodePoint(octet < 0x80 ? octet : 0x1780 + octet - 0x80),
    );
    return letters.join("");
  }

  function hex(octets) {
    return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
  }

  window.camtrustStamps = { fromBase32, fromCbor, toBeSigned, textOf, hex, summary: null };
})();
