// `npm run bench:ask`: how much time a question adds before the first token, and how much memory a long answer takes. JSON lines.
import { parseArgs } from "node:util";

import { startAsked } from "../harness.ts";
import { insertBenchKey } from "../key.ts";
import { measureFirstToken, measureMemory, MEMORY_PAUSE_MS, minutesOf } from "../measure-streams.ts";

const TOKENS = 20;
const QUESTION = "when does the harbour open?";
const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const minutes = minutesOf(values.minutes);

const asked = await startAsked();
try {
  const headers = await insertBenchKey(asked.env.DB);
  const job = await asked.job("The harbour opens at nine and closes at dusk.", headers);
  const ours = () => asked.ask(job, QUESTION, headers);
  const bare = () => asked.bare(QUESTION);
  await asked.setStream({ tokens: TOKENS, pauseMs: 2 });
  await measureFirstToken("stream.firstTokenAddedMs", { ours, bare, clearLogs: asked.clearLogs });
  await asked.setStream({ tokens: Math.ceil((minutes * 60_000) / MEMORY_PAUSE_MS), pauseMs: MEMORY_PAUSE_MS });
  await measureMemory("stream.memoryGrowthMb", ours, minutes);
} finally {
  await asked.close();
}
