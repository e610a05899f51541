import { JSON_RESULT, promptOf, TEXT_RESULT, TextInput } from "../../shared/kinds/text-generation/kind.ts";
import { chatOf, textModelOf, type TextOptions } from "../../shared/kinds/text-generation/options.ts";
import { describeCut, fitChat } from "../../shared/models/fit-chat.ts";
import { fitJsonChat, type JsonSchema } from "../../shared/models/json-output/json-chat.ts";
import { writeJson, type WroteJson } from "../../shared/models/json-output/write-json.ts";
import type { Chat } from "../../shared/models/chat.ts";
import { write, type Written } from "../../shared/models/writer.ts";
import { cutPassages } from "../../shared/search/cut-passages.ts";
import type { Attempt } from "../runner/attempt.ts";
import { note, discard, processor } from "./processor.ts";
import type { Tools } from "./tools.ts";

const DETAILS = "generation.json";
/** The code of a failure because neither answer fits the schema. */
const UNFIT = "invalid_output";

/** The contents of `generation.json`. */
interface Generated {
  readonly model: string;
  readonly engine: string;
  /** The contents of the main artifact. */
  readonly text: string;
  /** Notices for people about the text: that the prompt or the answer was cut. */
  readonly notices: readonly string[];
  /** Whether the model stopped because it wrote as much as it may. */
  readonly isCut: boolean;
  /** Only for JSON. */
  readonly json?: Pick<WroteJson & { readonly ok: true }, "isRepaired" | "timesAsked">;
}

type GenerateTools = Pick<Tools, "models" | "withWords" | "results">;

/** Write what a prompt asks for: `text.txt`, or `output.json` that fits the client's schema; and `generation.json` about it. */
export function createGenerateText({ models, withWords, results }: GenerateTools) {
  return processor(TextInput, async (input, attempt) => {
    const { options } = input;
    const known = await results.reuseJson<Generated>(attempt, DETAILS);
    if (known !== null) return complete(known, attempt);
    return withWords(attempt, promptOf(input), async (prompt) => {
      const chat = chatOf(options, prompt);
      const { jsonSchema } = options;
      const generated = await (jsonSchema === undefined
        ? inWords(chat, options, attempt)
        : inJson(chat, { options, jsonSchema }, attempt));
      if (!("notices" in generated)) {
        return discard(UNFIT, `The model's JSON does not fit 'jsonSchema': ${generated.fault}.`);
      }
      note(attempt, generated.notices);
      return complete(generated, attempt);
    });
  });

  async function inWords(asked: Chat, options: TextOptions, attempt: Attempt): Promise<Generated> {
    const model = textModelOf(options);
    const { chat, cut } = fitChat(asked, [model]);
    const written = await write(models(attempt), model, chat);
    const notices = [...(cut === null ? [] : [describeCut(cut)]), ...cutNotices(written, options)];
    return { ...aboutOf(written), text: `${written.text}\n`, notices };
  }

  /**
   * Each answer is stored with its cost, so that none is paid for twice. If the answers of an earlier attempt do not fit, a redrive asks
   * for two new ones. If its consumer died before it could fail because of them, this attempt fails in its place.
   */
  async function inJson(
    asked: Chat,
    { options, jsonSchema }: { readonly options: TextOptions; readonly jsonSchema: JsonSchema },
    attempt: Attempt,
  ): Promise<Generated | { readonly fault: string }> {
    const model = textModelOf(options);
    const { chat, cut } = fitJsonChat(asked, jsonSchema, [model]);
    for (let round = 1; ; round += 1) {
      let hasAsked = false;
      const wrote = await writeJson(models(attempt), model, chat, jsonSchema, (name, ask) =>
        results.storedAnswer(attempt, `answer-${round}-${name}.json`, () => {
          hasAsked = true;
          return ask();
        }),
      );
      const { written, timesAsked } = wrote;
      if (wrote.ok) {
        const notices = cut === null ? [] : [describeCut(cut)];
        const json = { isRepaired: wrote.isRepaired, timesAsked };
        return { ...aboutOf(written), text: `${wrote.text}\n`, notices, json };
      }
      if (hasAsked || round > (await results.timesFailed(attempt, UNFIT))) {
        return { fault: wrote.faults[0] ?? "it is not JSON" };
      }
    }
  }

  async function complete(generated: Generated, attempt: Attempt) {
    const { text, json } = generated;
    const isJson = json !== undefined;
    // The details come first, and carry the cost: an attempt that finds them asks nothing.
    const details = await results.store(attempt, {
      name: DETAILS,
      contentType: "application/json",
      body: JSON.stringify(generated, null, 2),
    });
    const paid: [] = [];
    const main = await results.store(attempt, {
      name: isJson ? JSON_RESULT : TEXT_RESULT,
      contentType: isJson ? "application/json" : "text/plain; charset=utf-8",
      body: text,
      paid,
    });
    const passages = cutPassages(attempt.task.jobId, { text });
    return { type: "completed", artifacts: [main, details], passages } as const;
  }
}

function aboutOf({ model, engine, isCut }: Written): Pick<Generated, "model" | "engine" | "isCut"> {
  return { model, engine, isCut };
}

function cutNotices({ isCut }: Written, { maxTokens }: TextOptions): readonly string[] {
  return isCut ? [`The model stopped at 'maxTokens' (${maxTokens}), so the text may end in the middle.`] : [];
}
