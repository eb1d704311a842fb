// The kinds of keys that a browser makes, by the names of enrollment/key_creation/policy.toml.
// W3C Web Cryptography API, Sections 20 and 23.

const EXPONENT_65537 = new Uint8Array([1, 0, 1]);

export const ALGORITHMS = {
  "ec-p256": { key: { name: "ECDSA", namedCurve: "P-256" }, hash: "SHA-256" },
  "ec-p384": { key: { name: "ECDSA", namedCurve: "P-384" }, hash: "SHA-384" },
  "rsa-3072": {
    key: {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 3072,
      publicExponent: EXPONENT_65537,
      hash: "SHA-256",
    },
    hash: "SHA-256",
  },
};

/** Make a key pair. `extractable`: the private key can be put into a file. */
export function makePair(name, { extractable }) {
  return crypto.subtle.generateKey(ALGORITHMS[name].key, extractable, ["sign", "verify"]);
}

/** Return the octets of the public key's SubjectPublicKeyInfo. */
export async function publicOctets(publicKey) {
  return new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
}

/** Return the name of a key as the server knows it: hex SHA-256 of its SubjectPublicKeyInfo. */
export async function keyId(spki) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", spki)));
}

/** Tell whether a PKCS #8 private key belongs to a public key: sign with one, verify with both. */
export async function belongTogether(pkcs8, spki, name) {
  const { key, hash } = ALGORITHMS[name];
  const probe = crypto.getRandomValues(new Uint8Array(32));
  const how = { name: key.name, hash };
  try {
    const secret = await crypto.subtle.importKey("pkcs8", pkcs8, key, false, ["sign"]);
    const open = await crypto.subtle.importKey("spki", spki, key, false, ["verify"]);
    return await crypto.subtle.verify(how, open, await crypto.subtle.sign(how, secret, probe), probe);
  } catch {
    return false;
  }
}

export function hex(octets) {
  return Array.from(octets, (one) => one.toString(16).padStart(2, "0")).join("");
}
