// ICAO VDS-NC, visible digital seals for non-constrained environments (ICAO Doc 9303, Part 13): JSON
// with `data` and `sig`; the signature covers the canonical form of `data` (RFC 8785).

import { decode } from "../codecs/base64url.js";
import { canonical } from "../codecs/strict_json.js";
import { PassRefused, badEncoding } from "../refusals.js";
import { VDS_NC } from "../rules/schemas.js";
import { readCertificate } from "../trust/certificates.js";
import { list, members, text } from "../values.js";
import { dosesAhead } from "./moments.js";
import { content, opened, usage } from "./opened.js";

const ALGORITHMS = ["ES256", "ES384", "ES512"];
// Signers of seals. The same authorities certify signers of passports, which lack this usage.
const BARCODE_SIGNER = "2.23.136.1.1.14.2";
// Octets: it is parsed before anybody is believed, and the largest QR code holds 2,953.
const LARGEST_CERTIFICATE = 8000;
const FINDINGS = ["positive", "abnormal"];
const KINDS = new Map([
  ["icao.vacc", "ICAO proof of vaccination"],
  ["icao.test", "ICAO proof of testing"],
]);

/** Tell whether JSON has ICAO's header. */
export function isVdsNc(value) {
  const data = value.get("data");
  return data instanceof Map && data.get("hdr") instanceof Map;
}

export async function openVdsNc(value) {
  const seal = value.get("sig");
  if (!(seal instanceof Map)) throw badEncoding("The seal has no signature (sig).");
  const data = value.get("data");
  const signed = {
    algorithm: algorithmOf(seal),
    octets: canonical(data),
    signature: decode(required(seal, "sigvl"), "The signature (sigvl)"),
  };
  if (!seal.has("cer")) {
    // A signer may leave it out where readers know its certificates otherwise.
    throw new PassRefused("KID_NOT_INCLUDED", "The seal does not carry its signer's certificate.");
  }
  const certificate = decode(required(seal, "cer"), "The signer's certificate (cer)");
  if (certificate.length > LARGEST_CERTIFICATE) {
    throw badEncoding("The signer's certificate (cer) is larger than that of any signer.");
  }
  const issuer = data.get("hdr").get("is");
  return opened({
    format: "VDS-NC",
    signed,
    signer: { certificate: await readCertificate(certificate) },
    content: contentOf(data),
    issuer: typeof issuer === "string" ? issuer : null,
  });
}

function contentOf(data) {
  const message = members(data.get("msg"));
  const holder = members(message.get("pid"));
  return content(KINDS.get(data.get("hdr").get("t")) ?? "ICAO seal", {
    subject: {
      // In the letters of the machine-readable zone, with spaces for its fillers.
      standardisedName: text(holder.get("n")),
      dateOfBirth: text(holder.get("dob")),
      documentNumber: text(holder.get("i")) ?? text(holder.get("dn")),
    },
    usage: usage({ needed: [BARCODE_SIGNER], absentMeansAny: false, ownCountry: true }),
    identifier: text(message.get("uvci")) ?? text(message.get("utci")),
    faults: VDS_NC.faults(data),
    notes: notesOf(message.get("tr")),
    datedNotes: dosesAhead(...doseDates(message.get("ve"))),
    document: message,
  });
}

function notesOf(result) {
  const said = text(members(result).get("r"));
  return FINDINGS.includes(said) ? [`The result of the test is: ${said}.`] : [];
}

function doseDates(events) {
  const doses = list(events).flatMap((event) => list(members(event).get("vd")));
  return doses.map((dose) => members(dose).get("dvc"));
}

function algorithmOf(seal) {
  const name = seal.get("alg");
  if (!ALGORITHMS.includes(name)) {
    throw new PassRefused(
      "INVALID_SIGNATURE",
      "The seal names an algorithm that ICAO's seals never use.",
    );
  }
  return name;
}

function required(seal, member) {
  const value = seal.get(member);
  if (typeof value !== "string") throw badEncoding(`The seal's signature lacks ${member}.`);
  return value;
}
