// `npm run bench`: prints one JSON object a line. Progress, and whatever the tools print, goes to standard error.
import { measureBundle } from "./bundle.ts";
import { costPerMillionJobs, countCalls, d1RoundTrips } from "./counts.ts";
import { type Bench, startBench } from "./harness.ts";
import { measurePipeline } from "./pipeline.ts";
import { note, print } from "./report.ts";
import { putPictures } from "./sources.ts";
import { measureStatus } from "./status.ts";

await withBench({ counted: false }, async (bench) => {
  note("putting 1,000 pictures of 32 KB into the bucket");
  const pictures = await putPictures(bench.oursEnv.MEDIA, 1000);
  print(await measurePipeline(bench, pictures, { latencyMs: 0, jobsARound: 200, rounds: 10, target: "ratio >= 1.5" }));
  print(await measurePipeline(bench, pictures, { latencyMs: 200, jobsARound: 100, rounds: 2, target: "ratio >= 8" }));
  note("status requests");
  print(await measureStatus(bench));
});

// Variants that show the effect of the platform's six connections, which no simulator limits, and of our gate in front of them.
for (const [variant, main] of [
  ["underSix", "test/six-connections-worker.ts"],
  ["withoutGate", "bench/workers/ungated-darkroom.ts"],
] as const) {
  await withBench({ counted: false, main }, async (bench) => {
    const pictures = await putPictures(bench.oursEnv.MEDIA, 200);
    const shape = { latencyMs: 200, jobsARound: 100, rounds: 2, target: "none", variant };
    print(await measurePipeline(bench, pictures, shape));
  });
}

await withBench({ counted: true }, async (bench) => {
  note("counting the calls of 200 jobs");
  const calls = await countCalls(bench, await putPictures(bench.oursEnv.MEDIA, 200));
  print(d1RoundTrips(calls));
  print(costPerMillionJobs(calls));
});

note("building and starting the production bundle");
for (const figure of await measureBundle()) print(figure);

async function withBench(
  options: { counted: boolean; main?: string },
  run: (bench: Bench) => Promise<void>,
): Promise<void> {
  const bench = await startBench(options);
  try {
    await run(bench);
  } finally {
    await bench.close();
  }
}
