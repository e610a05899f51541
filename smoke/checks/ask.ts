import type { AnswerUsage } from "../../client/index.ts";
import { type Check, described, Failure, pass, type Smoke } from "../check.ts";
import { seconds } from "../job-figures.ts";

const work = described(({ text }) => ({ kind: "classification", text, options: {} }));
const TIERS = ["fast", "balanced", "accurate"] as const;

/** Ask each text model a question, and see whether its answer is streamed. */
export const ask: Check = {
  name: "ask",
  work: [work],
  // At most 512 tokens from each of the three, and the text that they read.
  askedNeurons: 45,
  async run(smoke) {
    const { id } = await smoke.complete(work);
    const answers: Told[] = [];
    for (const tier of TIERS) answers.push(await question(smoke, id, tier));
    const twice = [...Map.groupBy(answers, ({ model }) => model)].find(([, told]) => told.length > 1);
    if (twice !== undefined) {
      const [model, told] = twice;
      const tiers = told.map(({ tier }) => `'${tier}'`).join(" and ");
      throw new Failure(
        `${model} answered for the tiers ${tiers}: another model has no capacity or cannot be used.`,
        "Run it again. If the result is the same, `model.unusable` in the journal names the model: docs/operations.md.",
      );
    }
    if (answers.every(({ pieces }) => pieces < 2)) {
      const todo =
        "A proxy or compression between you and the Worker buffers answers. Run the check from another network.";
      throw new Failure("Every answer came in one piece, so nothing is streamed.", todo);
    }
    const lines = answers.map(
      ({ tier, pieces, firstMs, allMs }) => `${tier} ${pieces} pieces from ${seconds(firstMs)} to ${seconds(allMs)}`,
    );
    return pass(`Answers are streamed: ${lines.join("; ")}.`);
  },
};

interface Told {
  readonly tier: string;
  readonly model: string;
  readonly pieces: number;
  readonly firstMs: number;
  readonly allMs: number;
}

async function question({ client, seen }: Smoke, id: string, tier: (typeof TIERS)[number]): Promise<Told> {
  const startedAt = Date.now();
  let model: string | null = null;
  let usage: AnswerUsage | null = null;
  let firstMs = 0;
  const texts: string[] = [];
  const asked = {
    tier,
    onStart: (start: { model: string }) => (model = start.model),
    onUsage: (told: AnswerUsage) => (usage = told),
  };
  for await (const text of client.ask(id, "Say in ten words when the boats come home.", asked)) {
    if (texts.length === 0) firstMs = Date.now() - startedAt;
    texts.push(text);
  }
  const pieces = texts.length;
  if (model === null || usage === null || pieces === 0) {
    const missing = pieces === 0 ? "any text" : "a final event with its cost";
    throw new Failure(
      `The answer of the ${tier} model ended without ${missing}.`,
      "Run npx wrangler tail, and compare its stream with test/contracts/.",
    );
  }
  seen.answers.push({ model, usage });
  return { tier, model, pieces, firstMs, allMs: Date.now() - startedAt };
}
