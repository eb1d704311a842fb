// Country codes of two and of three letters, compared.

import countries from "../../../rules/countries.json" with { type: "json" };

const CODES = new Map(Object.entries(countries.codes));
const SHORT = new Set(CODES.values());

/** Tell whether two codes are known to be of different countries (ISO 3166-1). */
export function areTwoCountries(one, other) {
  const known = twoLetters(one);
  const also = twoLetters(other);
  return known !== null && also !== null && known !== also;
}

/** Tell whether two codes are known to be of the same country. */
export function areOneCountry(one, other) {
  const known = twoLetters(one);
  return known !== null && known === twoLetters(other);
}

function twoLetters(code) {
  if (code === null) return null;
  // Some authorities write their country in small letters.
  const upper = code.toUpperCase();
  return CODES.get(upper) ?? (SHORT.has(upper) ? upper : null);
}
