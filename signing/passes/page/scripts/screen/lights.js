// The traffic light: how the statuses are folded, and what keeps a light from being green.

const RED = new Set([
  "INVALID_SIGNATURE",
  "WRONG_KEY_USAGE",
  "INVALID_SCHEMA",
  "REVOKED",
  "NOT_YET_VALID",
  "EXPIRED",
  "KEY_EXPIRED",
]);
/** Of these nothing can be said: while the camera looks, the next picture may be better. */
export const UNREAD = new Set(["NOT_SUPPORTED", "INVALID_ENCODING", "INVALID_COMPRESSION"]);
// ICAO's country of specimens, and user-assigned codes of ISO 3166-1 that tests use.
const NOWHERE = new Set(["UTO", "UT", "XX", "ZZ"]);
// What a genuine pass may say against its holder, of what has not been yet, or is no more; and that
// its issuer's list has no answer. A list that is merely old is bounded by this device's own lists.
const WARNINGS = new RegExp(
  "^(The result of the test is|A record of the card is not|The dose is dated|The recovery count|" +
    "The status list of .* does not tell)",
);
const TRIAL = /\b(test|specimen|sample|demo|example)\b/i;

/** Return {light, said}: red, amber or green, and which words of the page say why. */
export function lightOf(verdict, freshness) {
  const { status } = verdict;
  if (RED.has(status)) return { light: "red", said: status };
  if (status !== "VERIFIED") return { light: "amber", said: status };
  if (freshness === "expired") return { light: "red", said: "LISTS_EXPIRED" };
  if (freshness === "ahead") return { light: "amber", said: "CLOCK_BEHIND" };
  if (isSpecimen(verdict)) return { light: "amber", said: "SPECIMEN" };
  return warningsOf(verdict).length
    ? { light: "amber", said: "WARNING" }
    : { light: "green", said: status };
}

/** Return the notes that a reader has to see whatever is shown besides. */
export function warningsOf({ notes }) {
  return notes.filter((one) => WARNINGS.test(one));
}

/** Tell whether a pass is one to try readers with: of no country, or signed by a key for tests. */
export function isSpecimen({ issuer, signer }) {
  if (!signer) return false;
  const { certificate } = signer;
  const countries = [issuer, signer.issuer, certificate?.issuerCountry];
  const names = [certificate?.name, signer.source];
  return countries.some((one) => NOWHERE.has(one)) || names.some((one) => TRIAL.test(one ?? ""));
}
