// PKCS #12 (RFC 7292): a private key, its certificate and the issuers' in one file, for the programs
// that use them. Keys and certificates under PBES2 with AES-256, the whole under HMAC with SHA-256.

import * as asn1js from "asn1js";
import {
  Attribute,
  AuthenticatedSafe,
  CertBag,
  Certificate,
  PFX,
  SafeBag,
  SafeContents,
} from "pkijs";

import { passwordOctets, ROUNDS, sealedBag, SEALING } from "./sealed_keys.js";

// RFC 7292, Appendix D; RFC 2985, Sections 5.5.1 and 5.5.2.
const SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERT_BAG = "1.2.840.113549.1.12.10.1.3";
const FRIENDLY_NAME = "1.2.840.113549.1.9.20";
const LOCAL_KEY_ID = "1.2.840.113549.1.9.21";
const BY_PASSWORD = 0; // the integrity mode of RFC 7292, Section 3.1
const IN_CLEAR = 0; // the key's bag, which is encrypted by itself
const ENCRYPTED = 1;

/**
 * Return the octets of a file. `chain`: DER of the certificate and then of its issuers;
 * `name`: what programs show for it.
 */
export async function makePkcs12({ pkcs8, chain, password, name }) {
  const own = await attributes(chain[0], name);
  const certificates = chain.map((der, place) => certificateBag(der, place === 0 ? own : undefined));
  const key = new SafeBag({
    bagId: SHROUDED_KEY_BAG,
    bagValue: await sealedBag(pkcs8, password),
    bagAttributes: own,
  });
  const safe = new AuthenticatedSafe({
    parsedValue: {
      safeContents: [
        { privacyMode: ENCRYPTED, value: new SafeContents({ safeBags: certificates }) },
        { privacyMode: IN_CLEAR, value: new SafeContents({ safeBags: [key] }) },
      ],
    },
  });
  const octets = passwordOctets(password);
  await safe.makeInternalValues({ safeContents: [{ ...SEALING, password: octets }, {}] });
  const file = new PFX({ parsedValue: { integrityMode: BY_PASSWORD, authenticatedSafe: safe } });
  await file.makeInternalValues({
    password: octets,
    iterations: ROUNDS,
    pbkdf2HashAlgorithm: "SHA-256",
    hmacHashAlgorithm: "SHA-256",
  });
  return new Uint8Array(file.toSchema().toBER(false));
}

function certificateBag(der, own) {
  return new SafeBag({
    bagId: CERT_BAG,
    bagValue: new CertBag({ parsedValue: Certificate.fromBER(der) }),
    bagAttributes: own,
  });
}

async function attributes(der, name) {
  // What ties a key to its certificate; SHA-1 of the certificate is what all others put here, and a
  // name, not a protection.
  const tie = await crypto.subtle.digest("SHA-1", der);
  return [
    new Attribute({ type: FRIENDLY_NAME, values: [new asn1js.BmpString({ value: name })] }),
    new Attribute({ type: LOCAL_KEY_ID, values: [new asn1js.OctetString({ valueHex: tie })] }),
  ];
}
