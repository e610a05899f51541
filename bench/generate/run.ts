// `npm run bench:generate`: how much time a generated text adds before the first token, how fifty streams at once fare, and how much
// memory a long one takes. JSON lines.
import { parseArgs } from "node:util";

import { startAsked } from "../harness.ts";
import { insertBenchKey } from "../key.ts";
import { measureFirstToken, measureMemory, MEMORY_PAUSE_MS, minutesOf, readStream } from "../measure-streams.ts";
import { percentile, print, round } from "../report.ts";

const TOKENS = 20;
const STREAMS = 50;
/** A small model writes some 50 tokens a second. */
const AT_ONCE = { tokens: 200, pauseMs: 20 };
const PROMPT = "Write about a harbour.";
const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const minutes = minutesOf(values.minutes);

const asked = await startAsked();
try {
  const headers = await insertBenchKey(asked.env.DB);
  const ours = () => asked.generate(PROMPT, headers);
  const bare = () => asked.bare(PROMPT);
  await asked.setStream({ tokens: TOKENS, pauseMs: 2 });
  const { clearLogs } = asked;
  await measureFirstToken("generate.firstTokenAddedMs", { ours, bare, clearLogs, target: "≤ 5" });
  await asked.setStream(AT_ONCE);
  await measureAtOnce(ours);
  await asked.setStream({ tokens: Math.ceil((minutes * 60_000) / MEMORY_PAUSE_MS), pauseMs: MEMORY_PAUSE_MS });
  await measureMemory("generate.memoryGrowthMb", ours, minutes);
} finally {
  await asked.close();
}

/** Read many streams side by side. Each must get every token, and its end. */
async function measureAtOnce(call: () => Promise<Response>): Promise<void> {
  const startedAt = performance.now();
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => readStream(call)));
  const wallMs = performance.now() - startedAt;
  const firstMs = streams.map(({ firstTokenMs }) => firstTokenMs);
  print({
    case: "generate.atOnce.firstTokenP95Ms",
    value: round(percentile(firstMs, 0.95)),
    unit: "ms",
    p50: round(percentile(firstMs, 0.5)),
    streams: STREAMS,
    completed: streams.filter(({ isComplete }) => isComplete).length,
    tokensMissing: streams.reduce((sum, { tokens }) => sum + AT_ONCE.tokens - tokens, 0),
    wallMs: round(wallMs),
    modelMs: AT_ONCE.tokens * AT_ONCE.pauseMs,
  });
}
