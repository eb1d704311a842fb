// What every format says of an opened code, for the verifier.

/** What the signer's certificate has to allow; see signing/passes/formats/opened.py. */
export function usage(changes = {}) {
  return {
    needed: [],
    among: [],
    absentMeansAny: true,
    domain: null,
    ownCountry: false,
    outlivesSigner: false,
    ...changes,
  };
}

/** Tell whether a certificate may sign what has this usage. */
export function allows({ needed, among, absentMeansAny }, certificate) {
  const has = (names) => certificate.usages.some((one) => names.includes(one));
  return !needed.length || has(needed) || (absentMeansAny && !has(among));
}

/** What is signed, in terms that formats share; `document` is what a page shows details of. */
export function content(kind, changes) {
  return {
    kind,
    subject: {},
    usage: usage(),
    identifier: null,
    notBefore: null,
    expiresAt: null,
    faults: [],
    notes: [],
    document: new Map(),
    ...changes,
  };
}

/** A code whose form is right, and of which nothing is believed yet. */
export function opened(facts) {
  return { issuer: null, issuedAt: null, notBefore: null, expiresAt: null, faults: [], ...facts };
}
