// The closed set of statuses (signing/passes/statuses.py), and the refusal that carries one.

/** In the order of their weight: the first that applies is the status. */
export const SEVERITY = [
  "NOT_SUPPORTED",
  "INVALID_ENCODING",
  "INVALID_COMPRESSION",
  "KID_NOT_INCLUDED",
  "ISSUER_NOT_TRUSTED",
  "INVALID_SIGNATURE",
  "WRONG_KEY_USAGE",
  "INVALID_SCHEMA",
  "REVOKED",
  "NOT_YET_VALID",
  "EXPIRED",
  "KEY_EXPIRED",
  "VERIFIED",
];

/** A code cannot be judged as a pass; `status` says why in one word, `message` in a sentence. */
export class PassRefused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export function badEncoding(detail) {
  return new PassRefused("INVALID_ENCODING", detail);
}
