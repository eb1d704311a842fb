// Codes as a camera finds them: the same one many times, two at once, parts of one card.

import { isNumeric, partOf } from "../codecs/numeric.js";

export class Collecting {
  constructor() {
    this.parts = new Map();
  }

  /**
   * Return {codes} that can be judged, or {hint, ...} that says what to do:
   * "other-kind", "two-codes", "part", or null where nothing was found.
   */
  take(found) {
    const texts = Array.from(new Set(found.filter((one) => one.isQr).map((one) => one.text)));
    if (!texts.length) return { hint: found.length ? "other-kind" : null };
    const isOneCard = texts.every((one) => isNumeric(one) && (partOf(one)?.[1] ?? 1) > 1);
    if (isOneCard) return this.takeParts(texts);
    this.parts.clear();
    return texts.length > 1 ? { hint: "two-codes" } : { codes: texts };
  }

  takeParts(texts) {
    const total = partOf(texts[0])[1];
    for (const one of texts) this.parts.set(one, partOf(one)[0]);
    const numbers = new Set(this.parts.values());
    if (numbers.size < total) return { hint: "part", read: numbers.size, total };
    const codes = Array.from(this.parts.keys());
    this.parts.clear();
    return { codes };
  }
}
