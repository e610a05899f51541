import { DarkroomError, type AnswerUsage, type Client } from "../../client/index.ts";
import { TIERS } from "../../shared/models/models.ts";
import type { Candidate } from "./candidates.ts";
import type { Input } from "./inputs.ts";
import type { Trial } from "./try-model.ts";

/** Give a prompt to one text model, and stream its text. The temperature is 0, so that chance decides as little as possible. */
export async function tryText(client: Client, { name, bytes }: Input, { options }: Candidate): Promise<Trial> {
  const tier = TIERS.find((one) => one === options["tier"]) ?? "fast";
  let written = "";
  let usage: AnswerUsage | undefined;
  let error: string | null = null;
  const startedAt = Date.now();
  try {
    const onUsage = (told: AnswerUsage) => void (usage = told);
    const prompt = new TextDecoder().decode(bytes);
    for await (const text of client.generate(prompt, { tier, temperature: 0, onUsage })) written += text;
  } catch (failure) {
    if (!(failure instanceof DarkroomError)) throw failure;
    error = `${failure.code}: ${failure.detail}`;
  }
  const told: AnswerUsage | undefined = usage;
  return {
    input: name,
    state: error === null ? "completed" : "failed",
    error,
    engines: told === undefined ? [] : [told.engine],
    callMs: error === null ? [Date.now() - startedAt] : [],
    neurons: told?.neurons ?? 0,
    ...(told !== undefined && { stream: told }),
    result: error === null ? { written } : null,
  };
}
