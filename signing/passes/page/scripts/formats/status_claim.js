// The claim `status`: where a pass stands in a status list (draft-ietf-oauth-status-list).

import { isInteger, members } from "../values.js";

// Section 6.3 of the draft.
const STATUS = 65535;
const MEMBER = "status_list";

/** Return the place {uri, index} that a token names, or null; what is wrong goes to `faults`. */
export function statusOf(claims, faults) {
  const status = members(claims.get(STATUS));
  // Other ways of telling a status are nothing that is known here.
  if (!status.has(MEMBER)) return null;
  const place = members(status.get(MEMBER));
  const index = place.get("idx");
  const uri = place.get("uri");
  if (!isInteger(index) || index < 0 || typeof uri !== "string") {
    faults.push("Its place in a status list (claim 65535) cannot be read.");
    return null;
  }
  return { uri, index };
}
