// A private key encrypted for escrow, so that only the token with the escrow key's private half helps
// to read it: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084), its key agreed by ephemeral-
// static ECDH on P-384 (RFC 5753) and wrapped with AES-256 (RFC 3394). enrollment/escrow reads it.

import * as asn1js from "asn1js";

import { publicOctets } from "./algorithms.js";

const CURVE = { name: "ECDH", namedCurve: "P-384" };
const SECRET_BITS = 384;
const KEY_BITS = 256;
const NONCE_OCTETS = 12;
const TAG_OCTETS = 16;
const OID = {
  authEnvelopedData: "1.2.840.113549.1.9.16.1.23",
  data: "1.2.840.113549.1.7.1",
  aes256Gcm: "2.16.840.1.101.3.4.1.46",
  aes256Wrap: "2.16.840.1.101.3.4.1.45",
  // dhSinglePass-stdDH-sha384kdf-scheme
  agreement: "1.3.132.1.11.2",
  ecPublicKey: "1.2.840.10045.2.1",
};

/** Return the DER of a PKCS #8 private key encrypted to the escrow key (SubjectPublicKeyInfo). */
export async function encryptForEscrow(pkcs8, escrowKey) {
  const recipient = await crypto.subtle.importKey("spki", escrowKey, CURVE, true, []);
  const ephemeral = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
  const content = await crypto.subtle.generateKey({ name: "AES-GCM", length: KEY_BITS }, true, [
    "encrypt",
  ]);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_OCTETS));
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, content, pkcs8),
  );
  const wrapping = await wrappingKey(ephemeral.privateKey, recipient);
  const wrapped = await crypto.subtle.wrapKey("raw", content, wrapping, "AES-KW");
  const parts = {
    point: await rawPoint(ephemeral.publicKey),
    recipientId: await recipientId(recipient),
    wrapped,
    nonce,
    octets: sealed.slice(0, -TAG_OCTETS),
    tag: sealed.slice(-TAG_OCTETS),
  };
  return new Uint8Array(message(parts).toBER(false));
}

// RFC 5753, Section 7.2, and ANSI X9.63, Section 5.6.3, of which one round of SHA-384 is enough.
async function wrappingKey(own, theirs) {
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own, SECRET_BITS);
  const shared = sequence(
    algorithm(OID.aes256Wrap),
    explicit(2, new asn1js.OctetString({ valueHex: new Uint8Array([0, 0, KEY_BITS >> 8, 0]) })),
  ).toBER(false);
  const round = joined(secret, new Uint8Array([0, 0, 0, 1]), shared);
  const derived = (await crypto.subtle.digest("SHA-384", round)).slice(0, KEY_BITS / 8);
  return crypto.subtle.importKey("raw", derived, "AES-KW", false, ["wrapKey"]);
}

async function rawPoint(key) {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}

/** Return the name of the escrow key: SHA-256 of its SubjectPublicKeyInfo, as hsm/keys.py has it. */
async function recipientId(key) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await publicOctets(key)));
}

function message({ point, recipientId: id, wrapped, nonce, octets, tag }) {
  const originator = explicit(
    0,
    implicit(1, algorithm(OID.ecPublicKey), new asn1js.BitString({ valueHex: point })),
  );
  const recipient = sequence(
    implicit(0, new asn1js.OctetString({ valueHex: id })),
    new asn1js.OctetString({ valueHex: wrapped }),
  );
  const agreed = implicit(
    1,
    new asn1js.Integer({ value: 3 }),
    originator,
    algorithm(OID.agreement, algorithm(OID.aes256Wrap)),
    sequence(recipient),
  );
  const parameters = sequence(
    new asn1js.OctetString({ valueHex: nonce }),
    new asn1js.Integer({ value: TAG_OCTETS }),
  );
  const encrypted = sequence(
    oid(OID.data),
    algorithm(OID.aes256Gcm, parameters),
    new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, valueHex: octets }),
  );
  const enveloped = sequence(
    new asn1js.Integer({ value: 0 }),
    new asn1js.Set({ value: [agreed] }),
    encrypted,
    new asn1js.OctetString({ valueHex: tag }),
  );
  return sequence(oid(OID.authEnvelopedData), explicit(0, enveloped));
}

function oid(value) {
  return new asn1js.ObjectIdentifier({ value });
}

function sequence(...value) {
  return new asn1js.Sequence({ value });
}

function algorithm(name, ...parameters) {
  return sequence(oid(name), ...parameters);
}

function explicit(tagNumber, ...value) {
  return new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber }, value });
}

// An implicit tag replaces that of a SEQUENCE: the same octets as an explicit one around its parts.
const implicit = explicit;

function joined(...parts) {
  const octets = parts.map((one) => new Uint8Array(one));
  const all = new Uint8Array(octets.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of octets) {
    all.set(one, at);
    at += one.length;
  }
  return all;
}
