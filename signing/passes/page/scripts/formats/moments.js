// Instants and dates as passes write them. Instants are milliseconds since 1970.

import { bare, isNumber } from "../values.js";

const DAY = 24 * 60 * 60 * 1000;
const LAST = 253402300799;
/** The last instant that the other verifier knows: far away is what it says. */
const FARTHEST = LAST * 1000 + 999;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
// RFC 3339, Section 5.6, with what issuers write: no colon in the offset, or no offset at all.
const DATE_TIME =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,12})?)?(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)?$/;

/** The NumericDate claims of a token (RFC 8392, Section 2; RFC 7519), and what is wrong there. */
export class ClaimedTimes {
  constructor(claims) {
    this.claims = claims;
    this.faults = [];
  }

  instant(claim, name) {
    const value = this.claims.get(claim) ?? null;
    if (value === null) return null;
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

export function isDate(text) {
  return ofDate(text) !== null;
}

export function isDateTime(text) {
  return ofDateTime(text) !== null;
}

/** Write an instant for people: to the minute, in UTC. */
export function day(instant) {
  return `${new Date(instant).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function moment(text, beyond) {
  if (typeof text !== "string") return null;
  const date = ofDate(text);
  const found = date === null ? ofDateTime(text) : date + beyond;
  return found === null || found > FARTHEST ? null : found;
}

function ofDate(text) {
  const found = DATE.exec(text);
  if (!found) return null;
  const [year, month, dayOfMonth] = found.slice(1).map(Number);
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, dayOfMonth);
  const exists = moment.getUTCMonth() === month - 1 && moment.getUTCDate() === dayOfMonth;
  return year > 0 && exists ? moment.getTime() : null;
}

function ofDateTime(text) {
  const found = DATE_TIME.exec(text);
  const date = found && ofDate(found[1]);
  if (date === null) return null;
  const [hour, minute, second] = found.slice(2, 5).map((one) => Number(one || 0));
  const [offsetHour, offsetMinute] = found.slice(7, 9).map((one) => Number(one || 0));
  const isTime = hour < 24 && minute < 60 && second < 60 && offsetHour < 24 && offsetMinute < 60;
  if (!isTime) return null;
  const offset = (found[6] === "-" ? -1 : 1) * (offsetHour * 60 + offsetMinute);
  return date + ((hour * 60 + minute - offset) * 60 + second + Number(found[5] || 0)) * 1000;
}
