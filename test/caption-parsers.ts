// Reads our captions with parsers by other people: two for WebVTT and two for SubRip.
import { parse as parseEither } from "@plussub/srt-vtt-parser";
import { parse as parseVtt } from "node-webvtt";
import SrtParser from "srt-parser-2";
import webvtt from "webvtt-parser";

/** A cue as a parser returns it: the shown text, with a line break between its lines. */
export interface ReadCue {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

const ms = (seconds: number) => Math.round(seconds * 1000);

/** Unescape the text of parsers that do not do it themselves. */
function unescaped(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

export const VTT_PARSERS: Readonly<Record<string, (vtt: string) => readonly ReadCue[]>> = {
  "webvtt-parser": (vtt) => {
    const { cues, errors } = new webvtt.WebVTTParser().parse(vtt, "subtitles");
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return cues.map(({ startTime, endTime, tree }) => ({
      startMs: ms(startTime),
      endMs: ms(endTime),
      text: tree.children.map(({ value }) => value ?? "").join(""),
    }));
  },
  "node-webvtt": (vtt) =>
    parseVtt(vtt).cues.map(({ start, end, text }) => ({ startMs: ms(start), endMs: ms(end), text: unescaped(text) })),
};

export const SRT_PARSERS: Readonly<Record<string, (srt: string) => readonly ReadCue[]>> = {
  "srt-parser-2": (srt) =>
    new SrtParser()
      .fromSrt(srt)
      .map(({ startSeconds, endSeconds, text }) => ({ startMs: ms(startSeconds), endMs: ms(endSeconds), text })),
  "@plussub/srt-vtt-parser": (srt) =>
    // It distinguishes the two formats by the first line, and does not read an empty file.
    parseEither(srt).entries.map(({ from, to, text }) => ({ startMs: from, endMs: to, text })),
};
