// The verifier: one function for every format. Nothing is fetched, nothing is kept. It says the same
// as signing/passes/verification.py; the steps have the same numbers.
//
// 1. The code is opened: its format is told, its form is checked (formats/).
// 2. Its signer is looked for among those who are trusted (trust/).
// 3. The signature is verified, by each signer that the code may mean.
// 4. Only then is what it says looked at, and whether it was taken back (standing.js).

import { SignatureWrong, checkSignature } from "./codecs/signatures.js";
import { day } from "./formats/moments.js";
import { allows } from "./formats/opened.js";
import { openCodes } from "./formats/recognition.js";
import { PassRefused, SEVERITY } from "./refusals.js";
import { areOneCountry, areTwoCountries } from "./rules/countries.js";
import { standingOf } from "./standing.js";
import { beginning } from "./values.js";

// Characters of what a code says of its issuer, which is repeated before anything is believed.
const LONGEST_ISSUER = 200;

export class PassVerifier {
  constructor(lists) {
    this.lists = lists;
  }

  get tolerance() {
    return this.lists.bounds.clock_tolerance * 1000;
  }

  /** Judge the pass that codes hold, at an instant in milliseconds. */
  async verify(codes, at) {
    let opened = null;
    let signer = null;
    try {
      opened = await openCodes(codes, this.lists.bounds);
      signer = await this.signerOf(opened, at);
    } catch (error) {
      if (!(error instanceof PassRefused)) throw error;
      return verdict(opened, [finding(error.status, error.message)], at, null);
    }
    const standing = await standingOf(opened, signer, this.lists, at);
    const revoked = standing.revoked.map((one) => finding("REVOKED", one));
    const findings = [...this.findings(opened, signer, at), ...revoked];
    return verdict(opened, findings, at, signer, standing.notes);
  }

  async signerOf(opened, at) {
    const found = await this.candidates(opened.signer, at);
    // A list that says whose key it is by an address says so of that issuer alone.
    const candidates = found.filter((one) => maySpeakFor(one, opened.issuer));
    if (!candidates.length) {
      throw untrusted("Its signer is not among those who are trusted here.");
    }
    const standing = candidates.filter((one) => !one.certificate?.isRevoked);
    if (!standing.length) throw untrusted("The certificate of its signer was revoked.");
    const proven = await whoSigned(opened, standing);
    // One key may stand on several lists, and each is about something else.
    return proven.find((one) => !usageFindings(opened, one).length) ?? proven[0];
  }

  async candidates({ keyId, thumbprint, certificate }, at) {
    if (keyId) return this.lists.named(keyId);
    if (thumbprint) return this.lists.withThumbprint(thumbprint);
    return this.enclosed(certificate, at);
  }

  async enclosed(certificate, at) {
    const listed = this.lists.withCertificate(certificate);
    const authority = await this.lists.authorityOf(certificate, at);
    if (authority === null) {
      if (listed.length || !this.lists.unusableFor(certificate)) return listed;
      throw untrusted("Its signer's authority has a key that browsers cannot use.");
    }
    if (isValidAt(authority, at)) {
      const { key, issuerCountry: issuer } = certificate;
      const held = { ...certificate, isRevoked: this.lists.isRevoked(certificate) };
      const source = authority.name;
      return [...listed, { key, source, certificate: held, issuer, domain: null, formats: null }];
    }
    if (listed.length) return listed;
    throw untrusted("The certificate of its signer's authority is not valid.");
  }

  findings(opened, signer, at) {
    const faults = [...opened.faults, ...opened.content.faults];
    return [
      ...usageFindings(opened, signer),
      ...faults.map((fault) => finding("INVALID_SCHEMA", fault)),
      ...this.timeFindings(opened, at),
      ...(signer.certificate ? this.keyFindings(signer.certificate, opened, at) : []),
    ];
  }

  timeFindings(opened, at) {
    const found = [];
    const { content, issuedAt } = opened;
    if (this.isAhead(issuedAt, at)) {
      found.push(finding("NOT_YET_VALID", `It is dated ${day(issuedAt)}, in the future.`));
    }
    for (const start of [opened.notBefore, content.notBefore]) {
      if (this.isAhead(start, at) && start !== issuedAt) {
        found.push(finding("NOT_YET_VALID", `It counts from ${day(start)} on.`));
      }
    }
    for (const end of [opened.expiresAt, content.expiresAt]) {
      // RFC 8392 has "on or after"; the HCERT specification, Section 3.3.4, has "after".
      if (end !== null && end < at) found.push(finding("EXPIRED", `It expired on ${day(end)}.`));
    }
    return found;
  }

  isAhead(start, at) {
    return start !== null && start - at > this.tolerance;
  }

  keyFindings(certificate, opened, at) {
    const found = [];
    const { issuedAt } = opened;
    if (issuedAt !== null && !isValidAt(certificate, issuedAt)) {
      found.push(
        finding(
          "KEY_EXPIRED",
          `It was issued on ${day(issuedAt)}, when its signer's certificate was not valid.`,
        ),
      );
    }
    if (opened.content.usage.outlivesSigner) return found;
    const { notBefore, notAfter } = certificate;
    if (at > notAfter) {
      found.push(finding("KEY_EXPIRED", `Its signer's certificate expired on ${day(notAfter)}.`));
    } else if (this.isAhead(notBefore, at)) {
      const sentence = `Its signer's certificate counts from ${day(notBefore)} on.`;
      found.push(finding("KEY_EXPIRED", sentence));
    }
    return found;
  }
}

async function whoSigned(opened, candidates) {
  const found = [];
  let wrong = "";
  for (const signer of candidates) {
    try {
      await checkSignature(signer.key, opened.signed);
      found.push(signer);
    } catch (error) {
      if (!(error instanceof SignatureWrong)) throw error;
      wrong = error.message;
    }
  }
  if (!found.length) throw new PassRefused("INVALID_SIGNATURE", wrong);
  return found;
}

function usageFindings(opened, signer) {
  return Array.from(usageFaults(opened, signer), (one) => finding("WRONG_KEY_USAGE", one));
}

function* usageFaults(opened, signer) {
  const { usage, kind } = opened.content;
  if (signer.certificate && !allows(usage, signer.certificate)) {
    yield `Its signer's certificate is not for passes of this kind (${kind}).`;
  }
  if (signer.formats !== null && !signer.formats.includes(opened.format)) {
    yield `Its signer is not trusted for codes of the format ${opened.format}.`;
  }
  if (usage.ownCountry && opened.issuer !== null) {
    // Whoever issued the certificate answers for it; what it says of its holder may be anything.
    const country = signer.certificate ? signer.certificate.issuerCountry : null;
    if (!areOneCountry(opened.issuer, country)) {
      const claimed = beginning(opened.issuer, LONGEST_ISSUER);
      const of = country || "no country";
      yield `Its signer's authority is of ${of}, and may not issue for ${claimed}.`;
    }
  }
  if (usage.domain && signer.domain && usage.domain !== signer.domain) {
    yield `Its signer is trusted for ${signer.domain}, not for ${usage.domain}.`;
  }
}

function maySpeakFor(signer, issuer) {
  const named = signer.issuer ?? "";
  return !named.startsWith("https://") || named === issuer;
}

function isValidAt({ notBefore, notAfter }, at) {
  return notBefore <= at && at <= notAfter;
}

function finding(status, reason) {
  return { status, reason };
}

function untrusted(sentence) {
  return new PassRefused("ISSUER_NOT_TRUSTED", sentence);
}

function weight({ status }) {
  return SEVERITY.indexOf(status);
}

/** What of a pass is repeated before its signature is right names no person. */
function verdict(opened, findings, at, signer, told = []) {
  const ordered = [...findings].sort((one, other) => weight(one) - weight(other));
  const reasons = ordered.map((one) => one.reason);
  const found = {
    status: ordered.length ? ordered[0].status : "VERIFIED",
    reasons: reasons.length ? reasons : ["Genuine, unaltered and in force."],
    at,
    signer,
    notes: [],
  };
  if (opened === null) return found;
  const { content, issuer } = opened;
  const ends = [opened.expiresAt, content.expiresAt].filter((one) => one !== null);
  Object.assign(found, {
    format: opened.format,
    kind: content.kind,
    issuer: issuer === null ? null : beginning(issuer, LONGEST_ISSUER),
    issuedAt: opened.issuedAt,
    notBefore: content.notBefore ?? opened.notBefore,
    expiresAt: ends.length ? Math.min(...ends) : null,
  });
  if (signer === null) return found;
  const { subject, identifier, document } = content;
  const dated = content.datedNotes.filter((one) => one.isTrueAt(at)).map((one) => one.text);
  const notes = [...content.notes, ...dated, ...countryNotes(opened, signer), ...told];
  return Object.assign(found, { subject, identifier, document, notes });
}

function countryNotes({ issuer }, signer) {
  // Published certificates of member states name other countries: told, not refused.
  if (!areTwoCountries(issuer, signer.issuer)) return [];
  return [`The code says that ${issuer} issued it; its signer is of ${signer.issuer}.`];
}
