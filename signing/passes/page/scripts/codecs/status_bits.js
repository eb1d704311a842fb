// The array of statuses in a token status list (draft-ietf-oauth-status-list, Section 4): from the
// least significant bits of an octet up.

export const VALID = 0;
export const INVALID = 1;
export const SUSPENDED = 2;

/** Return the status at a place of an array of `width` bits a place, or null beyond its end. */
export function statusAt(octets, width, index) {
  // Of a BigInt no more is asked than that it lies beyond.
  const first = Number(index) * width;
  if (first >= octets.length * 8) return null;
  return (octets[Math.floor(first / 8)] >> (first % 8)) & ((1 << width) - 1);
}
