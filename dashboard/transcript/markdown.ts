import type { Transcript } from "../../client/index.ts";
import { formatClock } from "../ui/format.ts";
import { joinTexts } from "./words.ts";

/** Write a transcript as Markdown, with a paragraph and its time for each speaker, or for about each minute. */
export function toMarkdown({ segments }: Transcript, title: string): string {
  const PARAGRAPH_MS = 60_000;
  const paragraphs: { startMs: number; speaker: string | null; texts: string[] }[] = [];
  for (const { startMs, text, speaker = null } of segments) {
    if (text.trim() === "") continue;
    const last = paragraphs.at(-1);
    if (last === undefined || last.speaker !== speaker || startMs - last.startMs > PARAGRAPH_MS) {
      paragraphs.push({ startMs, speaker, texts: [text.trim()] });
    } else last.texts.push(text.trim());
  }
  const body = paragraphs.map(({ startMs, speaker, texts }) => {
    const who = speaker === null ? "" : ` ${escaped(speaker)}`;
    return `**${formatClock(startMs)}${who}**\n\n${escaped(joinTexts(texts))}`;
  });
  return `${[`# ${escaped(title)}`, ...body].join("\n\n")}\n`;
}

/** Escape Markdown in spoken text. */
function escaped(text: string): string {
  return text
    .replaceAll(/[\\`*_[\]<>#|~]/gu, String.raw`\$&`)
    .replaceAll(/^(\s*)([-+]|\d+\.)(?=\s)/gu, String.raw`$1\$2`);
}
