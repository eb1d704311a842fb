// Value sets: which codes are known, and what they mean.

import sets from "../../../rules/value-sets.json" with { type: "json" };

/** Return what a code means in English, or null if it is not in the set. */
export function meaning(valueSet, code) {
  const { codes } = sets[valueSet];
  const isKnown = typeof code === "string" && Object.prototype.hasOwnProperty.call(codes, code);
  return isKnown ? codes[code] : null;
}
