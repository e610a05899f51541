/** Whether this is `npm run test:long`, which searches thoroughly. `npm test` takes a sample of the same, so that people run it. */
export const IS_LONG = process.env["DARKROOM_LONG"] !== undefined;

export function sampled<T>(sample: T, whole: T): T {
  return IS_LONG ? whole : sample;
}

/** All of these cases, or the first of every `one` of them in `npm test`. */
export function someOf<T>(cases: readonly T[], one: number): T[] {
  return cases.filter((_, index) => IS_LONG || index % one === 0);
}

/** The files that use these, which `npm run test:long` runs. */
export const LONG_TESTS: readonly string[] = [
  "test/across-runtimes.test.ts",
  "test/adding-a-kind.test.ts",
  "test/archive.test.ts",
  "test/audio/containers.test.ts",
  "test/audio/cuts.test.ts",
  "test/audio/extent.test.ts",
  "test/audio/flac.test.ts",
  "test/audio/formats.test.ts",
  "test/audio/joined.test.ts",
  "test/audio/missing.test.ts",
  "test/audio/mp3.test.ts",
  "test/audio/mpegts.test.ts",
  "test/audio/ogg-chain.test.ts",
  "test/audio/ogg-clock.test.ts",
  "test/audio/stretch.test.ts",
  "test/audio/tracks.test.ts",
  "test/audio/uneven.test.ts",
  "test/audio/workerd.test.ts",
  "test/caption-languages.test.ts",
  "test/captions.test.ts",
  "test/chaos.test.ts",
  "test/crash-points.test.ts",
  "test/deploy-again.test.ts",
  "test/deploy-parts.test.ts",
  "test/fuzz-openapi.test.ts",
  "test/fuzz.test.ts",
  "test/growth.test.ts",
  "test/hung-runtime.test.ts",
  "test/local/inference.test.ts",
  "test/long-audio.test.ts",
  "test/maintenance.test.ts",
  "test/merge-chunks.test.ts",
  "test/prune.test.ts",
  "test/random-walks.test.ts",
  "test/restored-deletions.test.ts",
  "test/restoring.test.ts",
  "test/smoke.test.ts",
  "test/stable-segments.test.ts",
  "test/structural/*.test.ts",
  "test/sweep.test.ts",
  "test/terms.test.ts",
  "test/transcript-edits.test.ts",
  "test/turns.test.ts",
  "test/upgrading.test.ts",
];
