// CBOR Web Tokens (RFC 8392): the claims that health certificates and identities share.

import { PassRefused } from "../refusals.js";
import { ClaimedTimes } from "./moments.js";
import { opened } from "./opened.js";
import { statusOf } from "./status_claim.js";

const ISS = 1;
const EXP = 4;
const NBF = 5;
const IAT = 6;

/** Return the opened pass of a message; `readContent` is called after its times are read. */
export function openToken(format, message, claims, { content, faults, algorithms, readContent }) {
  const times = new ClaimedTimes(claims);
  const issuedAt = times.instant(IAT, "The time of issuing (claim 6)");
  const expiresAt = times.instant(EXP, "The time of expiry (claim 4)");
  const notBefore = times.instant(NBF, "The time from which it counts (claim 5)");
  const status = statusOf(claims, times.faults);
  const signed = message.signed(algorithms);
  if (message.keyId === null) {
    throw new PassRefused("KID_NOT_INCLUDED", "The code does not say whose key signed it.");
  }
  const issuer = claims.get(ISS);
  return opened({
    format,
    signed,
    signer: { keyId: message.keyId },
    content: content ?? readContent(),
    issuer: typeof issuer === "string" ? issuer : null,
    issuedAt,
    notBefore,
    expiresAt,
    status,
    faults: [...faults, ...times.faults],
  });
}
