// A regular expression of a client runs on this Worker's own time, and nothing can stop it. So only patterns are taken whose work
// has a limit for strings of MAX_MATCHED_CHARS.

/** A longer string matches no pattern and no format. Identifiers, addresses and codes are shorter. */
export const MAX_MATCHED_CHARS = 500;

const MAX_PATTERN_CHARS = 200;

/** The number of ways to match, at most. A way takes some nanoseconds. */
const MAX_WAYS = 2e8;

const TOKEN = /\\u\{[^}]*\}|\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?[:=!<]?|[*+?]|\{\d+(?:,\d*)?\}|./gsu;
const GROUP_REPEATS = /^(?:[*+]|\{)/;

/** Return why a pattern is refused, or null. Every repetition multiplies the ways to match; a repeated group is worse. */
export function refusePattern(pattern: string): string | null {
  if (pattern.length > MAX_PATTERN_CHARS) {
    return `the pattern has ${pattern.length} characters; the limit is ${MAX_PATTERN_CHARS}`;
  }
  if (!isPattern(pattern)) return `'${pattern}' is not a regular expression`;
  const tokens = tokensOf(pattern);
  for (const [index, token] of tokens.entries()) {
    if (/^\\(?:[1-9]|k)/.test(token)) return "a pattern must not refer back to its groups";
    if (/^\(\?[^:]?$/.test(token)) return "a pattern must not have lookarounds or named groups";
    if (tokens[index - 1] === ")" && GROUP_REPEATS.test(token)) {
      return "a pattern must not repeat a group; describe the string in 'description' instead";
    }
  }
  return waysToMatch(pattern, MAX_MATCHED_CHARS) <= MAX_WAYS
    ? null
    : "the pattern repeats too often; use fewer of * + ? and {}, and begin it with ^";
}

/** Return in how many ways a pattern may be compared with a string of this length, at most. */
export function waysToMatch(pattern: string, chars: number): number {
  const tokens = tokensOf(pattern);
  // Without `^` it is tried from each character on. An alternative may begin anywhere.
  const isAnchored = tokens[0] === "^" && !tokens.includes("|");
  return tokens.reduce((ways, token) => ways * waysOf(token, chars), isAnchored ? 1 : chars);
}

function tokensOf(pattern: string): readonly string[] {
  return pattern.match(TOKEN) ?? [];
}

function waysOf(token: string, chars: number): number {
  if (token === "*" || token === "+") return chars;
  if (token === "?" || token === "|") return 2;
  const [, least = "", comma = "", most = ""] = /^\{(\d+)(,?)(\d*)\}$/.exec(token) ?? [];
  if (least === "" || comma === "") return 1;
  return most === "" ? chars : Math.min(chars, Number(most) - Number(least) + 1);
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
