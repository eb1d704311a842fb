// A signer's certificate as a seal carries it (RFC 5280), and whether an authority issued it.

import { BOOLEAN, OCTET_STRING, SEQUENCE, SET, first, rawSignature } from "../codecs/der.js";
import { areSame, hex, sha256 } from "../codecs/octets.js";
import { badEncoding } from "../refusals.js";
import { PublicKey } from "./public_keys.js";

const COUNTRY = "2.5.4.6";
const COMMON_NAME = "2.5.4.3";
const BASIC_CONSTRAINTS = "2.5.29.19";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const HASHES = {
  "2.16.840.1.101.3.4.2.1": "SHA-256",
  "2.16.840.1.101.3.4.2.2": "SHA-384",
  "2.16.840.1.101.3.4.2.3": "SHA-512",
};
// RFC 5758, Section 3.2; RFC 4055, Sections 3 and 5.
const ECDSA = { "1.2.840.10045.4.3.2": "SHA-256", "1.2.840.10045.4.3.3": "SHA-384", "1.2.840.10045.4.3.4": "SHA-512" };
const PKCS1 = { "1.2.840.113549.1.1.11": "SHA-256", "1.2.840.113549.1.1.12": "SHA-384", "1.2.840.113549.1.1.13": "SHA-512" };
const PSS = "1.2.840.113549.1.1.10";
const HALVES = { "P-256": 32, "P-384": 48, "P-521": 66 };

/** Read a certificate in DER; octets behind its end are left aside. */
export async function readCertificate(octets) {
  try {
    const found = read(first(octets).as(SEQUENCE));
    found.sha256 = await sha256(found.der);
    await found.key.check();
    return found;
  } catch (error) {
    throw badEncoding("The signer's certificate cannot be read.");
  }
}

function read(whole) {
  const [signed, algorithm, signature] = whole.inner;
  const fields = signed.as(SEQUENCE).inner;
  const version = fields[0].tag === VERSION ? fields.shift() : null;
  const [serial, , issuer, validity, subject, key, ...more] = fields;
  const [notBefore, notAfter] = validity.as(SEQUENCE).inner.map((one) => one.instant);
  const extensions = version ? extensionsOf(more) : new Map();
  return {
    der: whole.whole,
    signed: signed.whole,
    algorithm: algorithm.as(SEQUENCE).inner,
    signature: signature.bits,
    serialNumber: hex(serial.content).replace(/^(00)+(?=.)/, ""),
    issuer: nameOf(issuer),
    issuerCountry: nameOf(issuer).country,
    name: nameOf(subject).commonName,
    notBefore,
    notAfter,
    usages: usagesOf(extensions.get(EXTENDED_KEY_USAGE)),
    isAuthority: isAuthority(extensions.get(BASIC_CONSTRAINTS)),
    key: new PublicKey(key.whole),
  };
}

/** Return a name as it is compared (RFC 5280, Section 7.1), with country and common name. */
export function nameOf(element) {
  const found = { octets: element.whole, compared: [], country: null, commonName: null };
  const countries = [];
  for (const group of element.as(SEQUENCE).inner) {
    for (const pair of group.as(SET).inner) {
      const [type, value] = pair.as(SEQUENCE).inner;
      const { oid } = type;
      const { text } = value;
      found.compared.push([oid, text === null ? hex(value.whole) : prepared(text)]);
      if (oid === COUNTRY) countries.push(text);
      if (oid === COMMON_NAME) found.commonName = text;
    }
  }
  if (countries.length === 1) [found.country] = countries;
  return found;
}

export function areSameNames(one, other) {
  const isSame = JSON.stringify(one.compared) === JSON.stringify(other.compared);
  return areSame(one.octets, other.octets) || isSame;
}

function prepared(text) {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

function extensionsOf(fields) {
  const found = new Map();
  const wrapped = fields.find((one) => one.tag === EXTENSIONS);
  if (!wrapped) return found;
  for (const extension of first(wrapped.content).as(SEQUENCE).inner) {
    const parts = extension.as(SEQUENCE).inner;
    found.set(parts[0].oid, first(parts[parts.length - 1].as(OCTET_STRING).content));
  }
  return found;
}

function usagesOf(extension) {
  return extension ? extension.as(SEQUENCE).inner.map((one) => one.oid) : [];
}

function isAuthority(extension) {
  const [found] = extension ? extension.as(SEQUENCE).inner : [];
  return found?.tag === BOOLEAN && found.content[0] !== 0;
}

/** Tell whether `authority` is named as the certificate's issuer, and signed it. */
export async function isIssuedBy(certificate, authority) {
  if (!areSameNames(certificate.issuer, authority.subject)) return false;
  try {
    const { imports, verifies, signature } = schemeOf(certificate, authority.key);
    const key = await authority.key.imported(imports);
    return await crypto.subtle.verify(verifies, key, signature, certificate.signed);
  } catch (error) {
    return false;
  }
}

function schemeOf({ algorithm, signature }, key) {
  const [{ oid }, parameters] = algorithm;
  if (oid in ECDSA && key.kind in HALVES) {
    return {
      imports: { name: "ECDSA", namedCurve: key.kind },
      verifies: { name: "ECDSA", hash: ECDSA[oid] },
      signature: rawSignature(signature, HALVES[key.kind]),
    };
  }
  if (oid in PKCS1 && key.kind === "RSA") {
    const name = "RSASSA-PKCS1-v1_5";
    return { imports: { name, hash: PKCS1[oid] }, verifies: { name }, signature };
  }
  if (oid === PSS && key.kind === "RSA") return { ...pssOf(parameters), signature };
  throw new Error("an algorithm that is not known");
}

// RFC 4055, Section 3.1: [0] the hash function, [2] the length of the salt.
function pssOf(parameters) {
  const name = "RSA-PSS";
  const found = new Map(parameters.as(SEQUENCE).inner.map((one) => [one.tag & 0x1f, one]));
  const hash = HASHES[first(found.get(0).content).as(SEQUENCE).inner[0].oid];
  const saltLength = found.has(2) ? parseInt(hex(first(found.get(2).content).content), 16) : 20;
  return { imports: { name, hash }, verifies: { name, saltLength } };
}
