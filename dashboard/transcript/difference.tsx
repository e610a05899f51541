import { commonTokens, tokensOf } from "./differences.ts";

/** Two texts as one, with removed, added and unchanged words. */
export function Difference({ before, after }: { before: string; after: string }) {
  const old = tokensOf(before);
  const now = tokensOf(after);
  const pairs = commonTokens(old, now);
  const parts: { readonly kind: "same" | "gone" | "new"; readonly text: string }[] = [];
  const add = (kind: "same" | "gone" | "new", texts: readonly string[]) => {
    if (texts.length > 0) parts.push({ kind, text: texts.join(" ") });
  };
  let next = 0;
  let gone: string[] = [];
  let same: string[] = [];
  for (const [index, { text }] of old.entries()) {
    const pair = pairs[index];
    if (pair == null) {
      add("same", same);
      same = [];
      gone.push(text);
      continue;
    }
    if (gone.length > 0 || pair > next) {
      add("same", same);
      same = [];
      add("gone", gone);
      gone = [];
      add(
        "new",
        now.slice(next, pair).map((token) => token.text),
      );
    }
    same.push(text);
    next = pair + 1;
  }
  add("same", same);
  add("gone", gone);
  add(
    "new",
    now.slice(next).map((token) => token.text),
  );
  return (
    <>
      {parts.map(({ kind, text }, index) => (
        <span key={index}>{kind === "gone" ? <del>{text}</del> : kind === "new" ? <ins>{text}</ins> : text} </span>
      ))}
    </>
  );
}
