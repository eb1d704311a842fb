// What a border looks at besides the verdict: rows of a label's name and a text, by format.

import { doseOf } from "../formats/who.js";
import { meaning } from "../rules/value_sets.js";
import { bare, isNumber, list, members } from "../values.js";

const VALUE_SETS = { tg: "disease-agent-targeted", vp: "vaccine-prophylaxis", tt: "test-type", tr: "test-result" };
const DCC = [
  ["tg", "disease"], ["vp", "vaccine"], ["mp", "product"], ["dn", "dose"], ["sd", "doses"],
  ["dt", "date"], ["tt", "test"], ["nm", "product"], ["sc", "date"], ["tr", "result"],
  ["tc", "centre"], ["fr", "positive"], ["df", "from"], ["du", "until"], ["co", "country"],
  ["is", "office"],
];
const ICVP = [
  ["vp", "vaccine"], ["mp", "product"], ["bo", "batch"], ["dn", "dose"], ["dv", "date"], ["dt", "date"],
  ["is", "office"], ["cn", "centre"], ["vls", "from"], ["vle", "until"],
];
const DDCC = [
  ["disease", "disease"], ["vaccine", "vaccine"], ["brand", "product"], ["lot", "batch"],
  ["dose", "dose"], ["total_doses", "doses"], ["date", "date"], ["country", "country"],
  ["pathogen", "disease"], ["type", "test"], ["result", "result"],
];
const SEAL = [["nam", "vaccine"], ["des", "vaccine"], ["dis", "disease"]];
const SEAL_DOSE = [["seq", "dose"], ["dvc", "date"], ["lot", "batch"], ["adm", "centre"], ["ctr", "country"]];
const SEAL_TEST = [["tc", "test"], ["m", "method"], ["r", "result"]];
const SEAL_DATES = [["sc", "date"]];
const SEAL_PLACE = [["spn", "centre"], ["ctr", "country"]];
const IDENTITY = [["1", "number"], ["9", "sex"], ["10", "address"], ["13", "nationality"]];

/** Return the rows of a verdict's content. */
export function detailsOf({ format, document }) {
  if (!document) return [];
  const rows = (READERS[format] ?? (() => []))(document);
  return rows.filter(([, value]) => value);
}

const READERS = {
  HC1: ofHealth,
  SHC: (document) => document.get("resources").flatMap(ofResource),
  "VDS-NC": (message) => [
    ...list(message.get("ve")).map(members).flatMap(ofEvent),
    ...rowsOf(message.get("tr"), SEAL_TEST),
    ...rowsOf(message.get("dat"), SEAL_DATES),
    ...rowsOf(message.get("sp"), SEAL_PLACE),
  ],
  "CLAIM-169": (identity) => rowsOf(identity, IDENTITY),
};

function ofHealth(document) {
  const groups = ["v", "t", "r"].flatMap((group) => list(document.get(group)));
  if (document.has("nam")) return groups.flatMap((entry) => rowsOf(entry, DCC));
  const dose = doseOf(document);
  if (dose.size) return rowsOf(dose, ICVP);
  return [...rowsOf(document, DDCC), ...rowsOf(document.get("test"), DDCC)];
}

function ofEvent(event) {
  const doses = list(event.get("vd")).flatMap((dose) => rowsOf(dose, SEAL_DOSE));
  return [...rowsOf(event, SEAL), ...doses];
}

function ofResource(resource) {
  const kind = resource.get("resourceType");
  if (kind === "Immunization") {
    return [
      ["vaccine", coding(resource.get("vaccineCode"))],
      ["date", shown(resource.get("occurrenceDateTime"))],
      ["batch", shown(resource.get("lotNumber"))],
    ];
  }
  if (kind !== "Observation") return [];
  const value = resource.get("valueString") ?? coding(resource.get("valueCodeableConcept"));
  return [
    ["test", coding(resource.get("code"))],
    ["date", shown(resource.get("effectiveDateTime"))],
    ["result", shown(value)],
  ];
}

function rowsOf(entry, names) {
  const found = members(entry);
  return names
    .filter(([member]) => found.has(member))
    .map(([member, label]) => [label, shown(found.get(member), VALUE_SETS[member])]);
}

function coding(concept) {
  const one = members(list(members(concept).get("coding"))[0]);
  return shown(members(concept).get("text") ?? one.get("display") ?? one.get("code") ?? null);
}

function shown(value, valueSet) {
  if (value instanceof Map) return shown(value.get("display") ?? value.get("code") ?? null);
  if (isNumber(value)) return String(bare(value));
  if (typeof value !== "string") return "";
  return (valueSet && meaning(valueSet, value)) || value;
}
