import { type Command, Option } from "commander";

import { TIERS, type Tier } from "../../shared/models/models.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { printJson } from "./output.ts";
import { action, type Session } from "./session.ts";

export function addAsk(program: Command): void {
  program
    .command("ask")
    .description("ask a question about a job's transcript or text; prints the answer as the model writes it")
    .argument("<id>", "id of a job that has completed")
    .argument("<question...>", "the question, in your own words")
    .addOption(new Option("--tier <tier>", "the model to ask; by default the fast one").choices(TIERS))
    .action(action(ask));
}

async function ask(
  { client, isJson, signal }: Session,
  id: string,
  words: readonly string[],
  { tier }: { tier?: Tier },
): Promise<ExitCode> {
  const options = { signal, ...(tier && { tier }) };
  const question = words.join(" ");
  if (isJson) {
    printJson(await client.askWhole(id, question, options));
    return EXIT.ok;
  }
  let last = "\n";
  try {
    for await (const text of client.ask(id, question, { ...options, onStart: noteParts })) {
      process.stdout.write(text);
      last = text;
    }
  } finally {
    // An error that interrupts the answer starts on a line of its own.
    if (!last.endsWith("\n")) process.stdout.write("\n");
  }
  return EXIT.ok;
}

function noteParts({ covers }: { covers: { isWhole: boolean; stretches: readonly unknown[] } }): void {
  if (covers.isWhole) return;
  process.stderr.write(`darkroom: the text is long; the model read ${covers.stretches.length} parts of it\n`);
}
