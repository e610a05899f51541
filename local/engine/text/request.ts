// What a chat asks for, and about which text. The last paragraph is the request; the paragraphs before it are the text.

export type Message = { readonly role: string; readonly content: string };

export type TextRequest = {
  readonly material: string;
  readonly request: string;
  /** A summary; the number of sentences if the request names one. */
  readonly summary: { readonly sentences: number | null } | null;
};

const SUMMARY = /\b(summar\w*|tl;?dr|recap|gist|key points|main points|in short|overview)\b/i;
const COUNT =
  /\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten)\s+(?:\w+\s+)?(?:sentences?|points?|bullets?|lines?)\b/i;
const NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

export function readRequest(messages: readonly Message[]): TextRequest {
  const last = messages.findLastIndex(({ role }) => role === "user");
  const { before, last: request } = splitLast(messages[last]?.content ?? "");
  const earlier = messages.slice(0, Math.max(last, 0)).flatMap(({ role, content }, index) => {
    if (role !== "user") return [];
    // The last paragraph of a message that the model has already answered is an old request, not part of the text.
    return messages[index + 1]?.role === "assistant" ? splitLast(content).before : content;
  });
  const material = [...earlier, before].join("\n");
  return { material, request, summary: SUMMARY.test(request) ? { sentences: readCount(request) } : null };
}

/** Split off the last paragraph, or the last line of a single paragraph. */
function splitLast(content: string): { readonly before: string; readonly last: string } {
  const text = content.trim();
  const paragraphs = text.split(/\n[^\S\n]*\n/);
  const parts = paragraphs.length > 1 ? paragraphs : text.split("\n");
  return { before: parts.slice(0, -1).join("\n"), last: parts.at(-1)?.trim() ?? "" };
}

function readCount(request: string): number | null {
  const [, word] = COUNT.exec(request) ?? [];
  if (word === undefined) return null;
  const count = /^\d+$/.test(word) ? Number(word) : NUMBERS.indexOf(word.toLowerCase());
  return count > 0 ? count : null;
}
