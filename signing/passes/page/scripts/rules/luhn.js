// The checksum of a UVCI: Luhn mod N over its own alphabet (eHealth Network, Annex 2 of the
// guidelines on proof of vaccination).

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:";
const MARK = "#";

/** Tell whether an identifier ends in a checksum: # and one character. */
export function hasChecksum(identifier) {
  const characters = Array.from(identifier);
  return characters.length > 2 && characters[characters.length - 2] === MARK;
}

export function isRight(identifier) {
  const upper = identifier.toUpperCase();
  const at = upper.lastIndexOf(MARK);
  return checksum(upper.slice(0, at)) === upper.slice(at + 1);
}

function checksum(body) {
  let total = 0;
  let factor = 2;
  for (const character of Array.from(body).reverse()) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    const product = factor * value;
    total += Math.floor(product / ALPHABET.length) + (product % ALPHABET.length);
    factor = 3 - factor;
  }
  return ALPHABET[(ALPHABET.length - (total % ALPHABET.length)) % ALPHABET.length];
}
