// Types for the parts of untyped parsers that the tests use.
declare module "node-webvtt" {
  interface Cue {
    readonly start: number;
    readonly end: number;
    readonly text: string;
  }
  export function parse(vtt: string): { readonly cues: readonly Cue[] };
}

declare module "webvtt-parser" {
  interface Cue {
    readonly startTime: number;
    readonly endTime: number;
    readonly tree: { readonly children: readonly { readonly value?: string }[] };
  }
  class WebVTTParser {
    parse(vtt: string, mode: string): { readonly cues: readonly Cue[]; readonly errors: readonly unknown[] };
  }
  const exported: { readonly WebVTTParser: typeof WebVTTParser };
  export default exported;
}
