// The EU Digital COVID Certificate (schema 1.3.x): sub-claim 1 of HCERT.

import { hasChecksum, isRight } from "../rules/luhn.js";
import { DCC } from "../rules/schemas.js";
import { meaning } from "../rules/value_sets.js";
import { isSomething, members, text } from "../values.js";
import { EVERY, RECOVERY, TEST, VACCINATION } from "./health_usages.js";
import { dayBegins, dayEnds, dosesAhead } from "./moments.js";
import { content, datedNote, usage } from "./opened.js";

const GROUPS = { v: "vaccination", t: "test", r: "recovery" };
const USAGES = { v: VACCINATION, t: TEST, r: RECOVERY };
const DOMAIN = "DCC";
const DETECTED = "260373001";
const SETS = [
  ["tg", "disease-agent-targeted"],
  ["vp", "vaccine-prophylaxis"],
  ["tt", "test-type"],
  ["tr", "test-result"],
];

export function readDcc(value) {
  const document = members(value);
  const groups = Object.keys(GROUPS).filter((group) => isSomething(document.get(group) ?? null));
  const entries = groups.flatMap((group) => entriesOf(document.get(group)));
  return content(`EU DCC ${groups.map((group) => GROUPS[group]).join(" and ")}`.trim(), {
    subject: subjectOf(document),
    usage: usageOf(groups),
    identifier: entries.length ? text(entries[0].get("ci")) : null,
    faults: DCC.faults(value),
    notes: entries.flatMap((entry) => notesOf(entry)),
    datedNotes: entries.flatMap((entry) => datedNotesOf(entry)),
    document,
  });
}

function usageOf(groups) {
  if (groups.length !== 1) return usage({ domain: DOMAIN });
  return usage({ needed: USAGES[groups[0]], among: EVERY, domain: DOMAIN });
}

function subjectOf(document) {
  const names = members(document.get("nam"));
  const joined = (between, ...parts) =>
    parts.map((part) => text(names.get(part))).filter(Boolean).join(between) || null;
  return {
    name: joined(" ", "gn", "fn"),
    // ICAO Doc 9303, Part 3: surname first, two fillers between.
    standardisedName: joined("<<", "fnt", "gnt"),
    dateOfBirth: text(document.get("dob")),
  };
}

function notesOf(entry) {
  const notes = SETS.filter(
    ([member, valueSet]) => entry.has(member) && meaning(valueSet, entry.get(member)) === null,
  ).map(([member, valueSet]) => `The code of ${member} is not in the value set ${valueSet}.`);
  if (entry.get("tr") === DETECTED) notes.push("The result of the test is: detected.");
  const identifier = text(entry.get("ci")) ?? "";
  // Others have checksums of their own, behind the same mark.
  const hasOurs = identifier.toUpperCase().startsWith("URN:UVCI:") && hasChecksum(identifier);
  if (hasOurs && !isRight(identifier)) {
    notes.push("The checksum of the certificate's identifier is wrong, or of another method.");
  }
  return notes;
}

function datedNotesOf(entry) {
  // A destination has its own rules for these: they are no limits of the certificate.
  const found = dosesAhead(entry.get("dt"));
  const [before, since] = [dayBegins(entry.get("df")), dayEnds(entry.get("du"))];
  if (before !== null) {
    found.push(datedNote(`The recovery counts from ${entry.get("df")} on.`, { before }));
  }
  if (since !== null) {
    found.push(datedNote(`The recovery counted until ${entry.get("du")}.`, { since }));
  }
  return found;
}

function entriesOf(group) {
  return (Array.isArray(group) ? group : [group]).filter((one) => one instanceof Map);
}
