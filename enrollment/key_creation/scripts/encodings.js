// Octets as text: base64 and PEM (RFC 7468).

const LINE = /.{1,64}/g;

export function base64(octets) {
  let text = "";
  for (const one of new Uint8Array(octets)) text += String.fromCharCode(one);
  return btoa(text);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text.replace(/\s+/g, "")), (one) => one.charCodeAt(0));
}

export function pem(label, octets) {
  const lines = base64(octets).match(LINE).join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

/** Return the octets of every block of a label, in their order. */
export function pemBlocks(label, text) {
  const block = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`, "g");
  return Array.from(text.matchAll(block), (found) => fromBase64(found[1]));
}
