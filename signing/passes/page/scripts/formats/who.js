// WHO's contents of HCERT: ICVP (the digital yellow card) and the DDCC core data sets.

import { DDCC, ICVP } from "../rules/schemas.js";
import { members, text } from "../values.js";
import { TEST, VACCINATION } from "./health_usages.js";
import { dayBegins, dayEnds, dosesAhead } from "./moments.js";
import { content, usage } from "./opened.js";

/** Say what an ICVP holds (sub-claim -6): one dose, and how long it counts. */
export function readIcvp(value) {
  const document = members(value);
  const dose = doseOf(document);
  return content("WHO ICVP vaccination", {
    subject: {
      name: text(document.get("n")),
      dateOfBirth: text(document.get("dob")),
      documentNumber: text(document.get("id")) ?? text(document.get("nid")),
    },
    usage: usage({ needed: VACCINATION, domain: "ICVP" }),
    // International Health Regulations, Annex 6: the certificate counts from a date on.
    notBefore: dayBegins(dose.get("vls")),
    expiresAt: dayEnds(dose.get("vle")),
    faults: ICVP.faults(value),
    datedNotes: dosesAhead(dose.get("dv"), dose.get("dt")),
    document,
  });
}

/** Say what a DDCC core data set holds, flat or in the sub-claims 3 and 4. */
export function readDdcc(value) {
  const document = members(value);
  const isTest = document.has("test");
  return content(isTest ? "WHO DDCC test" : "WHO DDCC vaccination", {
    subject: { name: text(document.get("name")), dateOfBirth: text(document.get("birthDate")) },
    usage: usage({ needed: isTest ? TEST : VACCINATION, domain: "DDCC" }),
    identifier: text(document.get("hcid")),
    notBefore: dayBegins(document.get("valid_from")),
    expiresAt: dayEnds(document.get("valid_until")),
    faults: DDCC.faults(value),
    datedNotes: isTest ? [] : dosesAhead(document.get("date")),
    document,
  });
}

/** Return the one dose of an ICVP. */
export function doseOf(document) {
  // The schema judges the dose in `v`, and the one in `vx` where `v` is the version or missing.
  const given = document.get("v");
  const value = given instanceof Map || Array.isArray(given) ? given : document.get("vx");
  return members(Array.isArray(value) && value.length ? value[0] : value);
}
