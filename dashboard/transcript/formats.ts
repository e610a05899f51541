import { api } from "../api/session.ts";
import type { CallOptions, CaptionQuery } from "../../client/index.ts";
import { toMarkdown } from "./markdown.ts";

/** The formats in which a transcript is exported. */
export const FORMATS = {
  vtt: { name: "WebVTT", says: "Captions for browsers and players", type: "text/vtt" },
  srt: { name: "SubRip", says: "Captions for almost every program", type: "application/x-subrip" },
  txt: { name: "Text", says: "Only the words", type: "text/plain" },
  md: { name: "Markdown", says: "Paragraphs with times and speakers", type: "text/markdown" },
  json: { name: "JSON", says: "Every word with its time", type: "application/json" },
} as const;
export type Format = keyof typeof FORMATS;

/** Return the latest version of a transcript in this format. @param title is the heading of the Markdown. */
export async function readAs(
  format: Format,
  { id, title }: { readonly id: string; readonly title: string },
  captions: CaptionQuery = {},
  call: CallOptions = {},
): Promise<string> {
  const { jobs } = api();
  switch (format) {
    case "json":
      return JSON.stringify(await jobs.transcript(id, "json", {}, call), null, 2);
    case "md":
      return toMarkdown(await jobs.transcript(id, "json", {}, call), title);
    case "txt":
      return jobs.transcript(id, "txt", {}, call);
    case "vtt":
    case "srt":
      return jobs.transcript(id, format, captions, call);
  }
}
