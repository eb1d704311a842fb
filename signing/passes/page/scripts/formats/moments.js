// Instants and dates as passes write them. Instants are milliseconds since 1970.

import { readDate, readDateTime } from "../rules/dates.js";
import { bare, isNumber } from "../values.js";
import { datedNote } from "./opened.js";

const DAY = 24 * 60 * 60 * 1000;
const LAST = 253402300799;
// The first and the last instant that the other verifier knows: what lies beyond is as far away.
const NEAREST = Date.parse("0001-01-01T00:00:00Z");
const FARTHEST = LAST * 1000 + 999;
// Dates are local: a day begins first where clocks are furthest ahead of UTC.
const EARLIEST_ZONE = 14 * 60 * 60 * 1000;

/** The NumericDate claims of a token (RFC 8392, Section 2; RFC 7519), and what is wrong there. */
export class ClaimedTimes {
  constructor(claims) {
    this.claims = claims;
    this.faults = [];
  }

  instant(claim, name) {
    if (!this.claims.has(claim)) return null;
    const value = this.claims.get(claim);
    if (!isNumber(value) || bare(value) < 0) {
      this.faults.push(`${name} is no time.`);
      return null;
    }
    return bare(value) > LAST ? FARTHEST : Number(bare(value)) * 1000;
  }
}

/** Return the first instant of a date, or the instant itself; null for what is neither. */
export function dayBegins(text) {
  return moment(text, 0);
}

/** Return the instant after a date is over, or the instant itself; null for neither. */
export function dayEnds(text) {
  return moment(text, DAY);
}

/** Return a note for each dose, by its date, that is true until the date has come. */
export function dosesAhead(...given) {
  return Array.from(new Set(given.filter((one) => typeof one === "string")))
    .map((text) => [text, moment(text, -EARLIEST_ZONE)])
    .filter(([, begins]) => begins !== null)
    .map(([text, before]) => datedNote(`The dose is dated ${text}, in the future.`, { before }));
}

/** Write an instant for people: to the minute, in UTC. */
export function day(instant) {
  return `${new Date(instant).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function moment(text, beyond) {
  if (typeof text !== "string") return null;
  const date = readDate(text);
  const found = date === null ? readDateTime(text) : date + beyond;
  return found === null ? null : Math.max(NEAREST, Math.min(found, FARTHEST));
}
