// DER (X.690) as far as certificates need it: elements with definite lengths, each within its parent.

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OID = 0x06;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;
export const SET = 0x31;
export const BOOLEAN = 0x01;

const WIDE = { 0x0c: "utf-8", 0x12: "latin1", 0x13: "latin1", 0x14: "latin1", 0x16: "latin1", 0x1a: "latin1", 0x1e: "utf-16be" };

/** One element: its tag, its content, and the octets that it is written in. */
export class Element {
  constructor(tag, content, whole) {
    this.tag = tag;
    this.content = content;
    this.whole = whole;
  }

  /** Return the elements inside; throws where they do not fill it. */
  get inner() {
    const found = [];
    for (let at = 0; at < this.content.length; ) {
      const one = first(this.content.subarray(at));
      found.push(one);
      at += one.whole.length;
    }
    return found;
  }

  as(tag) {
    if (this.tag !== tag) throw new Error("an element of another kind");
    return this;
  }

  get oid() {
    const { content } = this.as(OID);
    if (!content.length || content[content.length - 1] & 0x80) throw new Error("no identifier");
    const arcs = [];
    let value = 0;
    for (const octet of content) {
      value = value * 128 + (octet & 0x7f);
      if (!(octet & 0x80)) {
        arcs.push(value);
        value = 0;
      }
    }
    const head = Math.min(2, Math.floor(arcs[0] / 40));
    return [head, arcs[0] - 40 * head, ...arcs.slice(1)].join(".");
  }

  /** Return the octets of a bit string that has no unused bits. */
  get bits() {
    const { content } = this.as(BIT_STRING);
    if (content[0] !== 0) throw new Error("a bit string of odd length");
    return content.subarray(1);
  }

  /** Return the text of a name's value, null for what is no text. */
  get text() {
    const encoding = WIDE[this.tag];
    return encoding ? new TextDecoder(encoding, { fatal: true }).decode(this.content) : null;
  }

  /** Return the instant in milliseconds (RFC 5280, Section 4.1.2.5). */
  get instant() {
    if (this.tag !== UTC_TIME && this.tag !== GENERALIZED_TIME) throw new Error("no time");
    const text = String.fromCharCode(...this.content);
    const digits = this.tag === UTC_TIME ? 2 : 4;
    const found = new RegExp(`^([0-9]{${digits}})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})?Z$`).exec(text);
    if (!found) throw new Error("no time");
    const [year, month, day, hour, minute, second] = found.slice(1).map((one) => Number(one || 0));
    const century = digits === 4 ? 0 : year < 50 ? 2000 : 1900;
    const moment = new Date(0);
    moment.setUTCFullYear(century + year, month - 1, day);
    moment.setUTCHours(hour, minute, second);
    if (moment.getUTCMonth() !== month - 1 || moment.getUTCDate() !== day || second > 59) {
      throw new Error("no day");
    }
    return moment.getTime();
  }
}

/** Return the element with which octets begin. */
export function first(octets) {
  if (octets.length < 2 || (octets[0] & 0x1f) === 0x1f) throw new Error("cut off");
  let length = octets[1];
  let at = 2;
  if (length === 0x80 || length > 0x84) throw new Error("no definite length");
  if (length > 0x80) {
    at += length & 0x7f;
    if (octets.length < at) throw new Error("cut off");
    length = octets.subarray(2, at).reduce((sum, octet) => sum * 256 + octet, 0);
  }
  if (length > octets.length - at) throw new Error("cut off");
  return new Element(octets[0], octets.subarray(at, at + length), octets.subarray(0, at + length));
}

/** Return an ECDSA signature (RFC 3279, Section 2.2.3) as r and s of `half` octets each, or null. */
export function rawSignature(octets, half) {
  const parts = first(octets).as(SEQUENCE).inner;
  if (parts.length !== 2 || first(octets).whole.length !== octets.length) return null;
  const raw = new Uint8Array(2 * half);
  for (const [at, part] of parts.entries()) {
    const { content } = part.as(INTEGER);
    const isShortest = content.length === 1 || content[0] !== 0 || content[1] & 0x80;
    if (!content.length || content[0] & 0x80 || !isShortest) return null;
    const number = content[0] === 0 ? content.subarray(1) : content;
    if (number.length > half) return null;
    raw.set(number, (at + 1) * half - number.length);
  }
  return raw;
}
