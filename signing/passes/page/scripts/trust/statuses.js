// Lists of revoked passes, as the server found them signed (signing/passes/page/statuses.py).

import { decode } from "../codecs/base64url.js";
import { inflate } from "../codecs/compression.js";

/** Octets of a hash in a list. */
export const HASH_OCTETS = 16;
// As the other verifier reads them: 2**25 places of one bit.
const LARGEST_ARRAY = 4 << 20;

class MadeList {
  constructor(entry) {
    this.source = entry.source;
    this.makers = entry.makers;
    this.issuedAt = Date.parse(entry.issued_at);
    this.expiresAt = entry.expires_at === null ? null : Date.parse(entry.expires_at);
  }
}

/** One status list; its array is unfolded when a pass asks for it first. */
export class StatusList extends MadeList {
  constructor(entry) {
    super(entry);
    this.uri = entry.uri;
    this.width = entry.bits;
    this.compressed = entry.lst;
    this.unfolded = null;
  }

  get octets() {
    this.unfolded = this.unfolded ?? inflate(decode(this.compressed), { most: LARGEST_ARRAY });
    return this.unfolded;
  }
}

/** One list of hashes, in batches that are each about a country and perhaps a kid. */
export class HashList extends MadeList {
  constructor(entry) {
    super(entry);
    this.batches = entry.batches.map((one) => new Batch(one));
  }

  /** Return the countries for which a hash ({type, octets, keyId}) stands in it. */
  countriesOf(hash) {
    return this.batches.filter((one) => one.has(hash)).map((one) => one.country);
  }
}

class Batch {
  constructor(entry) {
    this.type = entry.type;
    this.country = entry.country;
    this.kid = entry.kid;
    this.encoded = entry.hashes;
    this.decoded = null;
  }

  has({ type, octets, keyId }) {
    // Without a kid nobody knew the signer.
    if (this.type !== type || (this.kid !== null && this.kid !== keyId)) return false;
    this.decoded = this.decoded ?? decode(this.encoded);
    // They stand in their order: a million of them are asked twenty times.
    let [low, high] = [0, this.decoded.length / HASH_OCTETS];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const order = compared(this.decoded, middle * HASH_OCTETS, octets);
      if (order === 0) return true;
      [low, high] = order < 0 ? [middle + 1, high] : [low, middle];
    }
    return false;
  }
}

function compared(octets, start, hash) {
  for (let at = 0; at < HASH_OCTETS; at += 1) {
    const difference = octets[start + at] - hash[at];
    if (difference) return difference;
  }
  return 0;
}
