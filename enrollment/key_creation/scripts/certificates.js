// What is read off a certificate (RFC 5280).

import { Certificate } from "pkijs";

/** Return the SubjectPublicKeyInfo of a certificate, octets as they stand in it. */
export function certifiedKey(der) {
  return new Uint8Array(Certificate.fromBER(der).subjectPublicKeyInfo.toSchema().toBER(false));
}
