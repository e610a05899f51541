import { Command, CommanderError } from "commander";

import { addAsk } from "./ask.ts";
import { addBudgets } from "./budgets.ts";
import { addCost } from "./cost.ts";
import { addDeadLetters } from "./dead-letters.ts";
import { EXIT, EXIT_HELP } from "./exit-codes.ts";
import { addGenerate } from "./generate.ts";
import { addJobs } from "./jobs.ts";
import { addKeys } from "./keys.ts";
import { addMove } from "./move.ts";
import { addRetention } from "./retention.ts";
import { addSearch } from "./search.ts";
import { addSubmit } from "./submit.ts";

/** Run a command line and set the exit code of the process. */
export async function runCommand(given: readonly string[]): Promise<void> {
  const program = createProgram();
  try {
    // Node replaces bytes that are not UTF-8 with this character. A prompt typed in a Latin-1 terminal would be drawn, and paid for, with it.
    const broken = given.find((argument) => argument.includes("\ufffd"));
    if (broken !== undefined)
      program.error(`error: '${broken}' is not UTF-8; set the terminal to UTF-8, or submit a file`);
    await program.parseAsync(given, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // commander has already printed what is wrong. `--help` is not an error.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

function createProgram(): Command {
  const program = new Command("darkroom")
    .description("Submit recordings, pictures, texts and prompts to Darkroom and read the results.")
    .option("--url <url>", "address of Darkroom (DARKROOM_URL; default http://localhost:8787)")
    .option("--key <key>", "API key (DARKROOM_KEY; on localhost the development key is the default)")
    .option("--json", "print JSON on standard output, one document a line, and errors as JSON on standard error")
    .showHelpAfterError("Run darkroom --help, or darkroom COMMAND --help.")
    .addHelpText("after", EXIT_HELP)
    .exitOverride();
  addSubmit(program);
  addJobs(program);
  addAsk(program);
  addGenerate(program);
  addSearch(program);
  addCost(program);
  addDeadLetters(program);
  addKeys(program);
  addBudgets(program);
  addRetention(program);
  addMove(program);
  return program;
}
