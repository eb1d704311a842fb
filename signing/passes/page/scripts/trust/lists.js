// Whom this browser trusts: the lists that the server made of its own (signing/passes/page/bundle.py).

import { decode, encode } from "../codecs/base64url.js";
import { first } from "../codecs/der.js";
import { ofText } from "../codecs/octets.js";
import { areSameNames, isIssuedBy, nameOf } from "./certificates.js";
import { PublicKey } from "./public_keys.js";
import { HashList, StatusList } from "./statuses.js";

const VERSION = 1;

/** Thrown where the lists are of a later version than this page. */
export class ListsUnknown extends Error {}

export class TrustLists {
  constructor(bundle) {
    if (bundle.version !== VERSION) throw new ListsUnknown(`version ${bundle.version}`);
    this.signedAt = Date.parse(bundle.signed_at);
    this.expiresAt = Date.parse(bundle.expires_at);
    this.bounds = bundle.bounds;
    this.sources = bundle.sources;
    this.byKeyId = new Map();
    for (const one of bundle.signers) this.file(one);
    this.authorities = bundle.authorities.map((one) => new Authority(one));
    this.revocationLists = bundle.revocation_lists.map((one) => new RevocationList(one));
    this.statusLists = bundle.status_lists.map((one) => new StatusList(one));
    this.hashLists = bundle.hash_lists.map((one) => new HashList(one));
    this.read = new Map();
  }

  get size() {
    return this.byKeyId.size + this.authorities.length;
  }

  file(signer) {
    // A code may name the thumbprint as text or as what the text is base64url of.
    const names = new Set([...signer.kids, signer.thumbprint, encode(ofText(signer.thumbprint))]);
    for (const name of names) {
      if (!this.byKeyId.has(name)) this.byKeyId.set(name, []);
      this.byKeyId.get(name).push(signer);
    }
  }

  /** Return every signer of that kid: eight octets may belong to two countries. */
  named(keyId) {
    return (this.byKeyId.get(encode(keyId)) || []).map((one) => this.signer(one));
  }

  withThumbprint(thumbprint) {
    return this.named(ofText(thumbprint)).filter((one) => one.thumbprint === thumbprint);
  }

  /** Return the signers whose certificate is this very one. */
  withCertificate(certificate) {
    const wanted = encode(certificate.sha256);
    const candidates = this.named(certificate.sha256.subarray(0, 8));
    return candidates.filter((one) => one.certificate?.sha256 === wanted);
  }

  /** Tell whether a CRL names a certificate that a code carries. */
  isRevoked(certificate) {
    return this.revocationLists.some((one) => one.names(certificate));
  }

  /** Return the trusted authority that issued a certificate, rather a valid one, or null. */
  async authorityOf(certificate, at) {
    let found = null;
    for (const one of this.authorities) {
      if (!(await isIssuedBy(certificate, one))) continue;
      if (one.notBefore <= at && at <= one.notAfter) return one;
      found = found ?? one;
    }
    return found;
  }

  /** Return an authority of the issuer's name whose key this browser cannot use, or null. */
  unusableFor(certificate) {
    const named = this.authorities.filter((one) => areSameNames(certificate.issuer, one.subject));
    return named.find((one) => one.key.kind === "other") || null;
  }

  // Thousands of keys are in a list, and few of them are ever asked for.
  signer(entry) {
    if (!this.read.has(entry)) this.read.set(entry, new Signer(entry, this.sources[entry.source]));
    return this.read.get(entry);
  }
}

class Signer {
  constructor(entry, source) {
    this.key = new PublicKey(decode(entry.key));
    this.thumbprint = entry.thumbprint;
    this.issuer = entry.issuer ?? null;
    this.domain = entry.domain ?? null;
    this.formats = entry.formats ?? null;
    this.source = source;
    this.certificate = entry.certificate ? certificateOf(entry.certificate) : null;
  }
}

class Authority {
  constructor(entry) {
    this.key = new PublicKey(decode(entry.key));
    this.subject = nameOf(first(decode(entry.subject)));
    this.name = entry.name;
    Object.assign(this, timesOf(entry));
  }
}

class RevocationList {
  constructor(entry) {
    this.issuer = nameOf(first(decode(entry.issuer)));
    this.serialNumbers = new Set(entry.serial_numbers);
  }

  names({ serialNumber, issuer }) {
    return this.serialNumbers.has(serialNumber) && areSameNames(this.issuer, issuer);
  }
}

function certificateOf(entry) {
  const { name, sha256, usages, issuer_country: issuerCountry, is_revoked: isRevoked } = entry;
  return { ...timesOf(entry), name, sha256, usages, issuerCountry, isRevoked };
}

function timesOf(entry) {
  return { notBefore: Date.parse(entry.from), notAfter: Date.parse(entry.until) };
}
