// Hashes by which other countries know a revoked certificate, and it alone (EU DCC gateway): the first
// 128 bits of SHA-256 over its signature, its identifier (UCI), or its country and identifier.

import { encode } from "../codecs/base64url.js";
import { ofText, sha256 } from "../codecs/octets.js";
import { HASH_OCTETS } from "../trust/statuses.js";

const ECDSA = ["ES256", "ES384", "ES512"];

/** Return every {type, octets, keyId} under which a health certificate (HC1) may stand in a list. */
export async function hashesOf({ format, signer, signed, content, issuer }) {
  if (format !== "HC1") return [];
  const { identifier } = content;
  const named = [["SIGNATURE", stablePart(signed)]];
  if (identifier !== null) named.push(["UCI", ofText(identifier)]);
  if (identifier !== null && issuer !== null) {
    named.push(["COUNTRYCODEUCI", ofText(issuer + identifier)]);
  }
  const keyId = encode(signer.keyId);
  const shortened = async ([type, octets]) => {
    const digest = await sha256(octets);
    return { type, octets: digest.subarray(0, HASH_OCTETS), keyId };
  };
  return Promise.all(named.map(shortened));
}

function stablePart({ algorithm, signature }) {
  // Whoever has r and s can write another valid signature with the same r.
  return ECDSA.includes(algorithm) ? signature.subarray(0, signature.length / 2) : signature;
}
