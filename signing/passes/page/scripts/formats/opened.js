// What every format says of an opened code, for the verifier.

/** What the signer's certificate has to allow; see signing/passes/formats/opened.py. */
export function usage(changes = {}) {
  return {
    needed: [],
    refused: [],
    among: null,
    absentMeansAny: true,
    domain: null,
    ownCountry: false,
    outlivesSigner: false,
    ...changes,
  };
}

/** Tell whether a certificate may sign what has this usage. */
export function allows({ needed, refused, among, absentMeansAny }, { usages }) {
  const has = (names) => usages.some((one) => names.includes(one));
  if (has(refused)) return false;
  if (!needed.length || has(needed)) return true;
  return absentMeansAny && !(among === null ? usages.length : has(among));
}

/** A note that is true before an instant, or from one on. */
export function datedNote(text, { before = Infinity, since = -Infinity }) {
  return { text, isTrueAt: (moment) => moment < before && moment >= since };
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
    datedNotes: [],
    document: new Map(),
    ...changes,
  };
}

/** A code whose form is right, and of which nothing is believed yet. */
export function opened(facts) {
  const absent = { issuer: null, issuedAt: null, notBefore: null, expiresAt: null, status: null };
  return { ...absent, faults: [], ...facts };
}
