import { parseArgs } from "node:util";

export interface ModelsArguments {
  /** The folder with the user's own files. */
  readonly inputs: string;
  /** A deployed Darkroom; null for the offline engines. */
  readonly remote: { readonly url: string; readonly key: string } | null;
  /** How often each model gets each file: one call says little about the usual duration. */
  readonly rounds: number;
  /** Take texts and prompts as prompts for the text models, instead of what an upload of them becomes. */
  readonly generates: boolean;
  /** Print JSON lines instead of the table. */
  readonly json: boolean;
}

export const USAGE = "Usage: npm run bench:models -- --inputs DIR [--generate] [--rounds 1] [--remote] [--json]";

/** Read the command line. @throws an Error that says what is wrong, and how to use the command. */
export function readArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ModelsArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        inputs: { type: "string" },
        rounds: { type: "string", default: "1" },
        generate: { type: "boolean", default: false },
        remote: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    if (values.inputs === undefined) throw new Error("--inputs is missing: it names the folder with your files");
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
      throw new Error(`--rounds is '${values.rounds}', expected a whole number from 1 to 100`);
    }
    const { inputs, generate: generates, json } = values;
    return { inputs, rounds, generates, json, remote: values.remote ? remoteOf(env) : null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n${USAGE}`, { cause: error });
  }
}

function remoteOf({ DARKROOM_URL: url, DARKROOM_KEY: key }: Readonly<Record<string, string | undefined>>) {
  if (url === undefined || key === undefined) {
    throw new Error("--remote uses the Darkroom at DARKROOM_URL with the API key in DARKROOM_KEY: set both");
  }
  return { url, key };
}
