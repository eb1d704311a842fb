// SMART Health Cards: a JWS over a compressed FHIR bundle (SMART Health Cards Framework 1.4).

import { inflate } from "../codecs/compression.js";
import { readCompact } from "../codecs/jws.js";
import { loads } from "../codecs/strict_json.js";
import { PassRefused, badEncoding } from "../refusals.js";
import { SHC } from "../rules/schemas.js";
import { list, members, stripped } from "../values.js";
import { EVERY } from "./health_usages.js";
import { ClaimedTimes, dosesAhead } from "./moments.js";
import { content, opened, usage } from "./opened.js";

const ALGORITHMS = ["ES256"];
const CARDS = "verifiableCredential";
const TYPES = "https://smarthealth.cards#";
// SMART Health Cards: vocabulary of types.
const KINDS = ["immunization", "laboratory", "covid19"];

/** Open a card, given as its compact JWS. */
export function openShc(code, bounds) {
  const jws = readCompact(code);
  const signed = jws.signed(ALGORITHMS);
  if (jws.header.get("zip") !== "DEF") {
    throw badEncoding("The header of the card does not say that it is compressed (zip).");
  }
  const claims = loads(inflate(jws.payload, { most: bounds.largest_content, raw: true }));
  if (!(claims instanceof Map)) throw badEncoding("What is signed is not an object of claims.");
  if (jws.keyId === null) {
    throw new PassRefused("KID_NOT_INCLUDED", "The code does not say whose key signed it.");
  }
  const times = new ClaimedTimes(claims);
  const notBefore = times.instant("nbf", "The time of issuing (nbf)");
  const expiresAt = times.instant("exp", "The time of expiry (exp)");
  const issuer = claims.get("iss");
  return opened({
    format: "SHC",
    signed,
    signer: { thumbprint: jws.keyId },
    content: readCard(claims),
    issuer: typeof issuer === "string" ? issuer : null,
    issuedAt: notBefore,
    notBefore,
    expiresAt,
    faults: times.faults,
  });
}

/** Return the one card of a file, or of what a FHIR server issued; null for another kind. */
export function cardOfFile(value) {
  let cards;
  if (value.get("resourceType") === "Parameters") {
    // SMART Health Cards Framework, $health-cards-issue
    const given = list(value.get("parameter")).map(members);
    cards = given.filter((one) => one.get("name") === CARDS).map((one) => one.get("valueString"));
  } else if (value.has(CARDS)) {
    cards = list(value.get(CARDS));
  } else {
    return null;
  }
  if (cards.length !== 1) {
    throw badEncoding(`The file holds ${cards.length} cards: check one at a time.`);
  }
  if (typeof cards[0] !== "string") throw badEncoding("The file's card is not a text.");
  return stripped(cards[0]);
}

function readCard(claims) {
  const credential = members(claims.get("vc"));
  const subject = members(credential.get("credentialSubject"));
  const resources = resourcesOf(subject.get("fhirBundle"));
  const patients = resources.filter((one) => one.get("resourceType") === "Patient");
  const faults = SHC.faults(claims);
  if (patients.length > 1) faults.push(`The card is about ${patients.length} patients.`);
  const doses = resources.filter((one) => one.get("resourceType") === "Immunization");
  const revocationId = credential.get("rid");
  return content(kindOf(credential.get("type")), {
    subject: patients.length === 1 ? subjectOf(patients[0]) : {},
    identifier: typeof revocationId === "string" ? revocationId : null,
    usage: usage({ refused: EVERY, outlivesSigner: true }),
    faults,
    notes: doses
      .filter((one) => one.get("status") !== "completed")
      .map((one) => `A record of the card is not completed: ${shown(one.get("status"))}.`),
    datedNotes: dosesAhead(...doses.map((one) => one.get("occurrenceDateTime"))),
    document: new Map([["resources", resources]]),
  });
}

function shown(status) {
  return typeof status === "string" ? status : "no status";
}

function kindOf(types) {
  const known = KINDS.filter((name) => list(types).includes(TYPES + name));
  return ["SMART Health Card", ...known].join(" ");
}

function resourcesOf(bundle) {
  return list(members(bundle).get("entry"))
    .map((entry) => members(entry).get("resource"))
    .filter((one) => one instanceof Map);
}

function subjectOf(patient) {
  const born = patient.get("birthDate");
  return {
    name: list(patient.get("name")).map(members).map(written).find(Boolean) ?? null,
    dateOfBirth: typeof born === "string" ? born : null,
  };
}

function written(name) {
  const parts = [...list(name.get("given")), name.get("family")].filter(isWord);
  const whole = name.get("text");
  return parts.join(" ") || (isWord(whole) ? whole : null);
}

function isWord(value) {
  return typeof value === "string" && /[^ ]/.test(value);
}
