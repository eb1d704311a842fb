// The password of a key: what is refused, how strong it looks, and one that nobody guesses.

const SHORTEST = 12;
// Printable ASCII: programs differ in how they turn other letters into octets (RFC 7292, B.1 against
// RFC 8018).
const LATIN = /^[\x20-\x7e]*$/;
const WEAK_BITS = 50;
const STRONG_BITS = 75;
const SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"; // none that is taken for another
const GROUPS = 4;
const GROUP = 5;

/** Return the name of the message about what is wrong with a password, or null. */
export function faultOf(password) {
  if (!LATIN.test(password)) return "password-letters";
  if (password.length < SHORTEST) return "password-short";
  return strengthOf(password) === "weak" ? "password-weak" : null;
}

/** Return weak, fair or strong: an estimate that knows classes, runs and repetitions, no words. */
export function strengthOf(password) {
  const bits = estimatedBits(password);
  if (password.length < SHORTEST || bits < WEAK_BITS) return "weak";
  return bits < STRONG_BITS ? "fair" : "strong";
}

/** Return a random password of 100 bits, in groups. */
export function suggestion() {
  const octets = crypto.getRandomValues(new Uint8Array(GROUPS * GROUP));
  const signs = Array.from(octets, (one) => SIGNS[one % SIGNS.length]).join("");
  return signs.match(new RegExp(`.{${GROUP}}`, "g")).join("-");
}

function estimatedBits(password) {
  const each = Math.log2(poolOf(password));
  let bits = 0;
  for (let at = 0; at < password.length; at += 1) {
    bits += isExpected(password, at) ? 1 : each;
  }
  return bits;
}

function poolOf(password) {
  const classes = [[/[a-z]/, 26], [/[A-Z]/, 26], [/[0-9]/, 10], [/[^a-zA-Z0-9]/, 20]];
  return classes.reduce((sum, [sign, count]) => sum + (sign.test(password) ? count : 0), 1);
}

// The same sign again, its neighbour in the alphabet, or the third sign of a group seen before.
function isExpected(password, at) {
  const step = at > 0 ? Math.abs(password.charCodeAt(at) - password.charCodeAt(at - 1)) : 2;
  if (step <= 1) return true;
  return at >= 2 && password.indexOf(password.slice(at - 2, at + 1)) < at - 2;
}
