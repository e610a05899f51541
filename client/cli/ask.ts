import { type Command, Option } from "commander";

import { TIERS, type Tier } from "../../shared/models.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { clean, printJson } from "./output.ts";
import { action, type Session } from "./session.ts";

export function addAsk(program: Command): void {
  program
    .command("ask")
    .description("ask about a job's transcript or text; the answer comes as the model writes it")
    .argument("<job>", "the job's id")
    .argument("<question...>", "in your own words")
    .addOption(new Option("--tier <tier>", "which text model answers").choices(TIERS))
    .action(action(ask));
}

async function ask(
  { client, isJson, signal }: Session,
  job: string,
  question: readonly string[],
  { tier }: { tier?: Tier },
): Promise<ExitCode> {
  let answer = "";
  for await (const piece of client.jobs.ask(job, question.join(" "), { signal, ...(tier && { tier }) })) {
    answer += piece;
    if (!isJson) process.stdout.write(clean(piece));
  }
  if (isJson) printJson({ answer });
  else process.stdout.write("\n");
  return EXIT.ok;
}
