/** Escapes that ECMAScript without flags, Python's `re` and RE2 read alike, besides escaped punctuation. */
const ESCAPES = /^\\(x[0-9a-fA-F]{2}|[nrtfv]|[^A-Za-z0-9\s])/;

/** RE2 refuses to repeat more often. */
const MAX_REPEATS = 1000;

/**
 * Say what engines would not read alike in a pattern of the document: a client compiles it without flags, in its own language. `\d`, `\w`,
 * `\s` and `\b` are other characters in Python than in JavaScript; `\u` and `\p` are unknown somewhere.
 */
export function faultsOf(pattern: string): string[] {
  const faults: string[] = [];
  try {
    void new RegExp(pattern);
  } catch (error) {
    faults.push(String(error));
  }
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at);
    if (rest.startsWith("\\")) {
      const [known] = ESCAPES.exec(rest) ?? [];
      if (known === undefined)
        faults.push(`the escape ${rest.slice(0, 2)}; write a range such as [A-Za-z0-9_] or \\x00-\\x1f`);
      at += (known?.length ?? 2) - 1;
    } else if (/^\(\?(?!:)/.test(rest)) {
      faults.push(`the group ${rest.slice(0, 4)}; only (…) and (?:…) are known everywhere`);
    } else if (/^[*+?}][+]/.test(rest)) {
      faults.push(`the possessive quantifier ${rest.slice(0, 2)}`);
    } else if (/^\[\[?:/.test(rest)) {
      faults.push("a POSIX class");
    } else if (rest.charCodeAt(0) > 0x7e) {
      faults.push(`the character ${rest[0]}`);
    }
    const [, most] = /^\{\d+(?:,(\d+))?\}/.exec(rest) ?? [];
    if (Number(most ?? 0) > MAX_REPEATS) faults.push(`more than ${MAX_REPEATS} repeats, which RE2 refuses`);
  }
  return faults;
}
