// Whether a pass was taken back, as far as this browser's lists tell. It says the same as
// signing/passes/standing.py.
//
// Lists are taken as they are, whatever instant is asked about: who revokes a pass does so for good.

import { INVALID, SUSPENDED, VALID, statusAt } from "./codecs/status_bits.js";
import { day } from "./formats/moments.js";
import { hashesOf } from "./formats/revocation_hashes.js";
import { areOneCountry } from "./rules/countries.js";

/** Look a signed pass up in the lists of its issuer; return {revoked, notes}, sentences each. */
export async function standingOf(opened, signer, lists, at) {
  const found = [
    inStatusList(opened, signer, lists, at),
    await inHashLists(opened, signer, lists, at),
  ];
  return {
    revoked: found.flatMap((one) => one.revoked ?? []),
    notes: found.flatMap((one) => one.notes ?? []),
  };
}

function inStatusList({ status: place }, signer, { statusLists }, at) {
  if (place === null) return {};
  const newest = newestOf(
    statusLists.filter((one) => one.uri === place.uri && isOfIssuer(one, signer)),
  );
  if (newest === null) return {};
  const since = day(newest.issuedAt);
  switch (statusAt(newest.octets, newest.width, place.index)) {
    case INVALID:
      return { revoked: [`Its issuer took it back: status list of ${since}.`] };
    case SUSPENDED:
      return { revoked: [`Its issuer suspended it: status list of ${since}.`] };
    case VALID:
      return { notes: ageNotes(newest, at) };
    default:
      return { notes: [`The status list of ${since} does not tell what became of it.`] };
  }
}

async function inHashLists(opened, signer, { hashLists }, at) {
  const found = hashLists.filter((one) => isOfIssuer(one, signer));
  if (!found.length) return {};
  const hashes = await hashesOf(opened);
  if (!hashes.length) return {};
  const isHere = (country) => areOneCountry(country, signer.issuer);
  const naming = found.find((one) => hashes.some((each) => one.countriesOf(each).some(isHere)));
  if (naming) return { revoked: [`Its issuer took it back: hashes of ${day(naming.issuedAt)}.`] };
  return { notes: ageNotes(newestOf(found), at) };
}

/** Tell whether who made a list has the signer's key, or is of the same country. */
function isOfIssuer({ makers }, signer) {
  return makers.some(
    (one) => one.thumbprint === signer.thumbprint || areOneCountry(one.issuer, signer.issuer),
  );
}

function newestOf(lists) {
  const newer = (one, other) => (other.issuedAt > one.issuedAt ? other : one);
  return lists.length ? lists.reduce(newer) : null;
}

function ageNotes({ expiresAt, source }, at) {
  if (expiresAt === null || expiresAt >= at) return [];
  return [`Whether it was revoked is known until ${day(expiresAt)} alone: ${source} is too old.`];
}
