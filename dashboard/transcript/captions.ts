// Reads the captions that the API lays out, for the preview.

export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly lines: readonly string[];
}

const TIMING = /^(\d+:)?(\d{2}):(\d{2})[.,](\d{3}) --> (\d+:)?(\d{2}):(\d{2})[.,](\d{3})/u;

/** Return the cues of a WebVTT text that Darkroom wrote. */
export function parseCues(vtt: string): readonly Cue[] {
  return vtt.split(/\r?\n\r?\n/u).flatMap((block): readonly Cue[] => {
    const lines = block.split(/\r?\n/u);
    const at = lines.findIndex((line) => TIMING.test(line));
    const timing = TIMING.exec(lines[at] ?? "");
    if (timing === null) return [];
    const ms = (from: number) =>
      (Number.parseInt(timing[from] ?? "0", 10) * 3600 + Number(timing[from + 1]) * 60 + Number(timing[from + 2])) *
        1000 +
      Number(timing[from + 3]);
    return [
      {
        startMs: Number.isNaN(ms(1)) ? 0 : ms(1),
        endMs: Number.isNaN(ms(5)) ? 0 : ms(5),
        lines: lines
          .slice(at + 1)
          .filter((line) => line !== "")
          .map(unescape),
      },
    ];
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&lrm;": "\u200E",
  "&rlm;": "\u200F",
  "&nbsp;": "\u00A0",
};

function unescape(text: string): string {
  return text.replaceAll(/<[^>]*>/gu, "").replaceAll(/&\w+;/gu, (entity) => ENTITIES[entity] ?? entity);
}
