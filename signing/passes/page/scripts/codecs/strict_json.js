// JSON (RFC 8259) with one meaning: no key twice, no huge numbers; its canonical form.
// The browser's own JSON.parse takes the last of two equal keys, and every integer for a double.

import { badEncoding } from "../refusals.js";
import { Fraction, integer } from "../values.js";
import { ofText, utf8 } from "./octets.js";

const DEEPEST = 40;
// RFC 7493, Section 2.2: more digits are not kept by everyone who reads them.
const MOST_DIGITS = 20;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const BLANKS = /[ \t\n\r]*/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const UNICODE = /[0-9a-fA-F]{4}/y;
const WORDS = [["true", true], ["false", false], ["null", null]];
const NO_NUMBERS = ["NaN", "Infinity", "-Infinity"];
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?:^|[^\ud800-\udbff])[\udc00-\udfff]/;

class NotOneMeaning extends Error {}

/** Return the value of a text, or of octets in UTF-8. */
export function loads(source) {
  try {
    const parser = new Parser(typeof source === "string" ? source : utf8(source));
    return parser.whole();
  } catch (error) {
    if (error instanceof NotOneMeaning) {
      throw badEncoding(`The JSON of the code is refused: ${error.message}.`);
    }
    throw badEncoding("The JSON of the code is broken or nested too deep.");
  }
}

class Parser {
  constructor(source) {
    this.source = source;
    this.at = 0;
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found) this.at += found[0].length;
    return found;
  }

  takes(text) {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  expect(text) {
    if (!this.takes(text)) throw new SyntaxError(`no ${text}`);
  }

  whole() {
    const value = this.value(0);
    if (this.at !== this.source.length) throw new SyntaxError("something follows");
    return value;
  }

  value(depth) {
    if (depth >= DEEPEST) throw new NotOneMeaning("it is nested too deep");
    this.match(BLANKS);
    const value = this.bareValue(depth);
    this.match(BLANKS);
    return value;
  }

  bareValue(depth) {
    if (this.takes("{")) return this.object(depth);
    if (this.takes("[")) return this.array(depth);
    if (this.takes('"')) return this.string();
    for (const [word, value] of WORDS) if (this.takes(word)) return value;
    for (const word of NO_NUMBERS) {
      if (this.takes(word)) throw new NotOneMeaning(`${word} is no number`);
    }
    return this.number();
  }

  number() {
    const found = this.match(NUMBER);
    if (!found) throw new SyntaxError("no value");
    const [digits, fraction, exponent] = found;
    if (fraction === undefined && exponent === undefined) {
      if (digits.length > MOST_DIGITS) {
        throw new NotOneMeaning("a number has more digits than any pass needs");
      }
      return integer(digits);
    }
    const value = Number(digits);
    if (!Number.isFinite(value)) {
      throw new NotOneMeaning("a number is larger than any pass needs");
    }
    return new Fraction(value);
  }

  array(depth) {
    const found = [];
    this.match(BLANKS);
    if (this.takes("]")) return found;
    for (;;) {
      found.push(this.value(depth + 1));
      if (this.takes("]")) return found;
      this.expect(",");
    }
  }

  object(depth) {
    const found = new Map();
    this.match(BLANKS);
    if (this.takes("}")) return found;
    for (;;) {
      this.match(BLANKS);
      this.expect('"');
      const key = this.string();
      this.match(BLANKS);
      this.expect(":");
      const value = this.value(depth + 1);
      if (found.has(key)) throw new NotOneMeaning("it has a key twice");
      found.set(key, value);
      if (this.takes("}")) return found;
      this.expect(",");
    }
  }

  string() {
    let text = "";
    for (;;) {
      text += this.match(PLAIN)[0];
      if (this.takes('"')) break;
      this.expect("\\");
      text += this.escaped();
    }
    if (HALF.test(text)) throw new NotOneMeaning("a text has half a character");
    return text;
  }

  escaped() {
    const letter = this.source[this.at];
    this.at += 1;
    if (letter === "u") {
      const found = this.match(UNICODE);
      if (!found) throw new SyntaxError("no character");
      return String.fromCharCode(parseInt(found[0], 16));
    }
    if (letter === undefined || !(letter in ESCAPES)) throw new SyntaxError("no escape");
    return ESCAPES[letter];
  }
}

/** Return the octets of the canonical form (RFC 8785) of a value without fractions. */
export function canonical(value) {
  return ofText(written(value));
}

function written(value) {
  if (value instanceof Map) {
    // RFC 8785, Section 3.2.3: by UTF-16 code units, which is how JavaScript sorts.
    const keys = Array.from(value.keys()).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${written(value.get(key))}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (value instanceof Fraction) {
    throw badEncoding("The signed part of the code has a number with a fraction.");
  }
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}
