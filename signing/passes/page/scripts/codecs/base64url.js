// Base64 with the URL alphabet (RFC 4648, Section 5), read strictly.

import { badEncoding } from "../refusals.js";

const ALPHABET = /^[A-Za-z0-9_-]*={0,2}$/;

/** Return the octets; padding may stand or be left out. */
export function decode(text, what = "A part of the code") {
  if (!ALPHABET.test(text)) {
    throw badEncoding(`${what} is not base64url (RFC 4648, Section 5).`);
  }
  const bare = text.replace(/=+$/, "");
  if (bare.length % 4 === 1) {
    throw badEncoding(`${what} is cut off in the middle of base64url.`);
  }
  const plain = atob(bare.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

/** Return the text without padding. */
export function encode(octets) {
  let plain = "";
  for (const one of octets) plain += String.fromCharCode(one);
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
