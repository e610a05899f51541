import { type Command, Option } from "commander";

import { clock } from "../../shared/transcripts/clock.ts";
import { JOB_KINDS, type JobKind } from "../../shared/kinds/index.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { clean, printJson, printTable } from "./output.ts";
import { action, parseCount, type Session } from "./session.ts";

const DEFAULT_LIMIT = 10;

export function addSearch(program: Command): void {
  program
    .command("search")
    .description("search transcripts, prompts, texts and labels; prints the best passages first")
    .argument("<words...>", "what to look for, in your own words")
    .addOption(new Option("--kind <kind>", "only in jobs of this kind").choices(JOB_KINDS))
    .option("--job <id>", "only in this job")
    .option("--limit <count>", "the most to list", parseCount, DEFAULT_LIMIT)
    .action(action(search));
}

async function search(
  { client, isJson, signal }: Session,
  words: readonly string[],
  { kind, job, limit }: { kind?: JobKind; job?: string; limit: number },
): Promise<ExitCode> {
  const query = { ...(kind && { kind }), ...(job !== undefined && { jobId: job }), limit };
  const { hits, degraded } = await client.search(words.join(" "), query, { signal });
  if (degraded !== null) process.stderr.write(`darkroom: ${clean(degraded)}\n`);
  if (isJson) for (const hit of hits) printJson(hit);
  else if (hits.length > 0) {
    const rows = hits.map(({ jobId, startMs, source, snippet }) => {
      return [jobId, startMs === null ? "" : clock(startMs), source, snippet];
    });
    printTable([["JOB", "AT", "SOURCE", "SAYS"], ...rows]);
  }
  return EXIT.ok;
}
