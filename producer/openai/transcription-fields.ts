// The fields of a request for a transcript, as the SDKs, curl and other programs send them.
import type { Context } from "hono";
import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { InitialPrompt, Language } from "../../shared/kinds/transcription/options.ts";
import { SPEECH_MODELS, type Tier } from "../../shared/models/models.ts";
import type { App } from "../http/app.ts";
import type { Form } from "../http/parse-form.ts";
import { fieldValues } from "../http/read-form.ts";
import { type Parsed, parse } from "../http/validate.ts";
import { ignore, ignoreGiven, refuseUnmet, unmet } from "./ignored.ts";
import { ModelName, speechTierOf } from "./model-names.ts";
import { modelOf } from "./resolve-model.ts";
import { RESPONSE_FORMATS, type Wanted } from "./transcript-body.ts";

const MAX_NUMBER_CHARS = 20;

/** Python writes `True`, and a form has no other kind of value than text. */
const Flag = boundedText({
  max: MAX_NUMBER_CHARS,
  pattern: [/^(?:true|false|1|0)$/i, "expected 'true' or 'false'"],
}).transform((text) => /^(?:true|1)$/i.test(text));

const MAX_STRATEGY_CHARS = 1000;
const MAX_LANGUAGE_CHARS = 35;

/** The fields that are read. Every other one changes nothing here. */
export const Transcription = z.object({
  model: ModelName,
  prompt: InitialPrompt.optional(),
  response_format: z.enum([...RESPONSE_FORMATS, "diarized_json"]).default("json"),
  temperature: boundedText({ max: MAX_NUMBER_CHARS })
    .refine((text) => Number(text) >= 0 && Number(text) <= 1, "expected a number from 0 to 1")
    .optional(),
  language: boundedText({ max: MAX_LANGUAGE_CHARS }).optional(),
  stream: Flag.optional(),
  chunking_strategy: boundedText({ max: MAX_STRATEGY_CHARS }).optional(),
  timestamp_granularities: z.array(z.enum(["word", "segment"])).optional(),
});

/** What a client wants to have transcribed, and how. */
export interface WantedTranscript extends Wanted {
  readonly tier: Tier;
  readonly prompt: string | undefined;
  readonly language: string | undefined;
  readonly isStream: boolean;
}

/** OpenAI does not stream `whisper-1`: "will be ignored", as its SDK says. */
const UNSTREAMED = "whisper-1";

/** Read the fields, name those that change nothing, and refuse those that cannot be met. */
export function readTranscription(c: Context<App>, task: Wanted["task"], form: Form): Parsed<WantedTranscript> {
  const { known, unknown } = givenIn(form);
  const fields = parse(c, Transcription, known);
  if (!fields.ok) return fields;
  const { model: name, prompt, language, response_format: format, timestamp_granularities, ...rest } = fields.value;
  const { temperature = "0", stream = false, chunking_strategy = "auto" } = rest;
  const named = modelOf(c, { name, task: "speech" });
  if (!named.ok) return named;
  const tier = speechTierOf(named.model);
  const { takesOptions, language: only } = SPEECH_MODELS[tier];

  ignore(c, ...unknown);
  if (Number(temperature) !== 0) ignore(c, "temperature");
  // Recordings are always cut in quiet places, which is what `auto` asks for.
  if (chunking_strategy !== "auto") ignore(c, "chunking_strategy");
  if (format !== "verbose_json") ignoreGiven(c, { timestamp_granularities });
  const isStream = stream && task === "transcribe" && name !== UNSTREAMED;
  if (stream && !isStream) ignore(c, "stream");
  if (task === "translate") ignoreGiven(c, { language });

  if (task === "translate" && !takesOptions) {
    const reason = "this model cannot translate. Use 'whisper-1' or 'accurate'.";
    return { ok: false, response: unmet(c, { param: "model", value: name, reason }) };
  }
  const reasons = {
    prompt: takesOptions ? null : NO_OPTION,
    language: task === "translate" ? null : reasonAgainst(language, takesOptions, only),
    response_format: reasonAgainstFormat(format, isStream),
  };
  const refused = refuseUnmet(c, fields.value, reasons);
  if (refused !== null) return { ok: false, response: refused };
  return {
    ok: true,
    value: {
      task,
      tier,
      isStream,
      prompt: reasons.prompt === null ? prompt : undefined,
      language: reasons.language === null && task === "transcribe" ? language : undefined,
      format: RESPONSE_FORMATS.find((one) => reasons.response_format === null && one === format) ?? "json",
      granularities: timestamp_granularities ?? ["segment"],
    },
  };
}

const NO_OPTION = "the model does not take this. Leave it out, or use 'whisper-1' or 'accurate'.";

function reasonAgainst(language: string | undefined, takesOptions: boolean, only: string | undefined): string | null {
  if (language === undefined) return null;
  const parsed = Language.safeParse(language);
  if (!parsed.success) return `${parsed.error.issues[0]?.message ?? "it is not known"}.`;
  if (takesOptions || parsed.data === only) return null;
  return only === undefined ? NO_OPTION : `the model knows only '${only}'. Use 'whisper-1' or 'accurate'.`;
}

function reasonAgainstFormat(format: string, isStream: boolean): string | null {
  if (format === "diarized_json") return "the models here cannot distinguish speakers. Use 'json' or 'verbose_json'.";
  if (isStream && format !== "json" && format !== "text") {
    return "a stream has only the text. Use 'json', or leave out 'stream'.";
  }
  return null;
}

/** The values of the fields that are read, and the names of the others. An empty value or `null` counts as left out. */
function givenIn(form: Form): { readonly known: Record<string, unknown>; readonly unknown: readonly string[] } {
  const known: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [name, all] of fieldValues(form)) {
    const values = all.filter((value) => value !== "" && (value !== "null" || name === "prompt"));
    const [first] = values;
    if (first === undefined) continue;
    if (!Object.hasOwn(Transcription.shape, name)) unknown.push(name);
    else known[name] = name === "timestamp_granularities" ? values : first;
  }
  unknown.push(...[...form.files.keys()].filter((name) => name !== "file"));
  return { known, unknown };
}
