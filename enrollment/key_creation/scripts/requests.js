// A certification request (RFC 2986) for a key that was made here.

import { Utf8String } from "asn1js";
import { AttributeTypeAndValue, CertificationRequest } from "pkijs";

import { ALGORITHMS } from "./algorithms.js";
import { pem } from "./encodings.js";

const COMMON_NAME = "2.5.4.3";
// It names nobody: who the holder is, the application says. pkijs cannot write a name without a part.
const SUBJECT = "Key made in a browser";

/** Return the request of a key pair in PEM, signed with it. */
export async function makeRequest(pair, name) {
  const request = new CertificationRequest({ attributes: [] });
  request.subject.typesAndValues.push(
    new AttributeTypeAndValue({ type: COMMON_NAME, value: new Utf8String({ value: SUBJECT }) }),
  );
  await request.subjectPublicKeyInfo.importKey(pair.publicKey);
  await request.sign(pair.privateKey, ALGORITHMS[name].hash);
  return pem("CERTIFICATE REQUEST", request.toSchema(true).toBER(false));
}
