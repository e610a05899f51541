// `npm run bench:ask`: how much time a question adds before the first token, and how much memory a long answer takes. JSON lines.
import { parseArgs } from "node:util";

import { startAsked } from "../harness.ts";
import { insertBenchKey } from "../key.ts";
import { note, percentile, print, round } from "../report.ts";
import { memoryKb } from "../long-audio/workerd.ts";

const ROUNDS = 200;
const WARM_UP = 20;
const TOKENS = 20;
const QUESTION = "when does the harbour open?";
const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes is '${values.minutes}', expected a number above 0`);

const asked = await startAsked();
try {
  const headers = await insertBenchKey(asked.env.DB);
  const job = await asked.job("The harbour opens at nine and closes at dusk.", headers);
  const ours = () => asked.ask(job, QUESTION, headers);
  const bare = () => asked.bare(QUESTION);
  await asked.setStream({ tokens: TOKENS, pauseMs: 2 });
  await measureFirstToken(ours, bare);
  await measureMemory(ours);
} finally {
  await asked.close();
}

/** Measure both in turn, one call at a time, so that the load of this machine affects both alike. */
async function measureFirstToken(ours: () => Promise<Response>, bare: () => Promise<Response>): Promise<void> {
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (let turn = -WARM_UP; turn < ROUNDS; turn += 1) {
    for (const [call, times] of [
      [ours, mine],
      [bare, theirs],
    ] as const) {
      const ms = await firstTokenMs(call);
      if (turn >= 0) times.push(ms);
    }
    asked.clearLogs();
  }
  const [p50, peer] = [percentile(mine, 0.5), percentile(theirs, 0.5)];
  print({
    case: "stream.firstTokenAddedMs",
    value: round(p50 - peer),
    unit: "ms",
    peer: round(peer),
    ratio: round(p50 / peer),
    p50: round(p50),
    p95: round(percentile(mine, 0.95)),
    peerP95: round(percentile(theirs, 0.95)),
    addedP95Ms: round(percentile(mine, 0.95) - percentile(theirs, 0.95)),
    questions: ROUNDS,
  });
}

/** Read the whole answer: an unread rest would delay the next call. */
async function firstTokenMs(call: () => Promise<Response>): Promise<number> {
  const startedAt = performance.now();
  const response = await call();
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  const decoder = new TextDecoder();
  let firstAt: number | null = null;
  let text = "";
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (firstAt === null && /"(text|response)":"/.test(text)) firstAt = performance.now();
  }
  if (firstAt === null) throw new Error(`no token in ${text.slice(0, 200)}`);
  return firstAt - startedAt;
}

async function measureMemory(ours: () => Promise<Response>): Promise<void> {
  note(`reading one answer for ${minutes} minutes`);
  const pauseMs = 5;
  await asked.setStream({ tokens: Math.ceil((minutes * 60_000) / pauseMs), pauseMs });
  const response = await ours();
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  const samples: { readonly atSeconds: number; readonly mb: number }[] = [];
  const startedAt = Date.now();
  const endAt = startedAt + minutes * 60_000;
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    const atSeconds = (Date.now() - startedAt) / 1000;
    if (atSeconds >= samples.length * Math.min(30, minutes * 6))
      samples.push({ atSeconds, mb: (await memoryKb("VmRSS")) / 1024 });
    if (Date.now() >= endAt) break;
  }
  // The first samples come from a process that is still warming up.
  const settled = samples.slice(Math.ceil(samples.length / 10));
  const [first, last] = [settled[0], settled.at(-1)];
  print({
    case: "stream.memoryGrowthMb",
    value: round((last?.mb ?? 0) - (first?.mb ?? 0), 1),
    unit: "MB",
    target: "flat",
    minutes,
    streamedBytes: bytes,
    startMb: round(samples[0]?.mb ?? 0, 1),
    peakMb: round(Math.max(...samples.map(({ mb }) => mb)), 1),
    endMb: round(last?.mb ?? 0, 1),
  });
}
