// Octets: as text, put together, compared.

/** Return the text of octets in UTF-8; throws TypeError where they are none. */
export function utf8(octets) {
  // A byte order mark is a character like others: taking it off would be a second spelling.
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
}

export function ofText(text) {
  return new TextEncoder().encode(text);
}

export function hex(octets) {
  return Array.from(octets, (one) => one.toString(16).padStart(2, "0")).join("");
}

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of parts) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}

export function areSame(one, other) {
  return one.length === other.length && one.every((octet, at) => octet === other[at]);
}

export async function sha256(octets) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
}
