// Dates and instants in text (RFC 3339, Section 5.6), read whole or not at all; in milliseconds.

const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
// With what issuers write besides: no seconds, no colon in the offset, or no offset at all.
const DATE_TIME =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,12})?)?(?:[Zz]|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?$/;

/** Return the first instant of the date that a text is, null for what is none. */
export function readDate(text) {
  const found = DATE.exec(text);
  if (!found) return null;
  const [year, month, day] = found.slice(1).map(Number);
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  const exists = moment.getUTCMonth() === month - 1 && moment.getUTCDate() === day;
  return year > 0 && exists ? moment.getTime() : null;
}

/** Return the instant that a text is, null for what is none; without an offset it is in UTC. */
export function readDateTime(text) {
  const found = DATE_TIME.exec(text);
  const date = found && readDate(found[1]);
  if (date === null) return null;
  const [hour, minute, second] = found.slice(2, 5).map((one) => Number(one || 0));
  if (hour > 23 || minute > 59 || second > 59) return null;
  const offset = (found[6] === "-" ? -1 : 1) * (Number(found[7] || 0) * 60 + Number(found[8] || 0));
  // Like the other verifier: what is below a millionth of a second is left out.
  const fraction = Number((found[5] || ".").slice(0, 7).padEnd(7, "0")) * 1000;
  return date + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction;
}
