// The forms in which the platform's models are documented, or were seen, to answer. A stand-in works out its answer once, in
// the fullest form of its kind, and gives it in each of the contract's shapes in turn.
import { type AnswerContract, contractOf } from "./contracts.ts";

type Body = Readonly<Record<string, unknown>>;

/** Bytes that leave as they are. */
export interface ShapedBytes {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

const SHAPES: Readonly<Record<string, (answer: unknown) => unknown>> = {
  // Speech. In full: text, and words or segments.
  words: same,
  "words without ends": (answer) => ({ ...fields(answer), words: each(fields(answer)["words"], omit("end")) }),
  "words without times": (answer) =>
    Object.hasOwn(fields(answer), "segments")
      ? segments(answer, (segment) => ({ ...segment, words: each(segment["words"], omit("start", "end")) }))
      : { ...fields(answer), words: each(fields(answer)["words"], omit("start", "end")) },
  "text alone": (answer) => omit("words", "segments", "vtt", "word_count")(fields(answer)),
  segments: same,
  "segments without ends": (answer) => segments(answer, omit("end")),
  "segments without texts": (answer) => segments(answer, omit("text")),
  "segments without words": (answer) => segments(answer, omit("words")),
  "segments without times": (answer) => segments(answer, omit("start", "end")),

  // Pictures. In full: base64.
  base64: same,
  bytes: (answer): ShapedBytes => {
    const image = String(fields(answer)["image"]);
    return { bytes: Uint8Array.from(atob(image), (char) => char.charCodeAt(0)), mediaType: "image/jpeg" };
  },

  // Labels.
  labels: same,
  "labels with gaps": (answer) => (Array.isArray(answer) ? [{ score: 0.99 }, ...answer, { label: "nothing" }] : answer),

  // Chats. In full: response and usage.
  response: same,
  "response without usage": (answer) => omit("usage")(fields(answer)),
  choices,
  "choices without usage": (answer) => omit("usage")(fields(choices(answer))),

  // Captions. In full: caption and metrics.
  root: same,
  "root with nulls": withNulls,
  "wrapped in result": (answer) => {
    const { input_tokens = 0, output_tokens = 0 } = fields(fields(answer)["metrics"]);
    const [prompt, completion] = [Number(input_tokens), Number(output_tokens)];
    const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
    return { result: withNulls(answer), usage };
  },

  // Vectors. In full: data, shape and pooling.
  data: same,
  "data alone": (answer) => ({ data: fields(answer)["data"] }),
  "vectors in response": (answer) => {
    const { data, ...rest } = fields(answer);
    return { response: data, ...rest };
  },
};

/** What one event of a chat's stream says: a token, or at the end what all of them took. */
export interface ChatEvent {
  readonly text: string;
  readonly usage?: object;
}

const EVENTS: Readonly<Record<string, (event: ChatEvent) => object>> = {
  response: ({ text, usage }) => ({ response: text, ...(usage && { usage }) }),
  choices: ({ text, usage }) => {
    const chunk = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_780_000_000, model: "offline" };
    return usage === undefined
      ? { ...chunk, choices: [{ index: 0, delta: { content: text }, finish_reason: null }] }
      : { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: "stop" }], usage };
  },
};

/** The names of a model's shapes: of those that say everything, or of all. */
export function shapesOf(model: string, { isAll = false }: { isAll?: boolean } = {}): readonly string[] {
  return namesIn(contractOf(model)?.answers, isAll);
}

function namesIn(answers: readonly AnswerContract[] = [], isAll: boolean): readonly string[] {
  return answers.flatMap(({ shapes, partial = [] }) => (isAll ? [...shapes, ...partial] : shapes));
}

/** An answer in this shape. @throws an Error for a name that is no shape's. */
export function shape(name: string, answer: unknown): unknown {
  const form = SHAPES[name];
  if (form === undefined) throw new Error(`no shape '${name}'`);
  return form(answer);
}

/** Which shape each model answers in next. */
export interface Turns {
  /** `answer` as the model's turn has it; as it is, of a model without a contract. */
  shape(model: string, answer: unknown): unknown;
  /** How the model's next stream puts its events. */
  events(model: string): (event: ChatEvent) => object;
}

/** @param fixed always the shape with this number, counted over all of a model's and from the start again; left out, each in turn. */
export function inTurn(fixed?: number): Turns {
  const counts = new Map<string, number>();
  const pick = (key: string, names: readonly string[]): string | undefined => {
    const count = fixed ?? counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return names[count % Math.max(1, names.length)];
  };
  return {
    shape(model, answer) {
      const name = pick(model, shapesOf(model, { isAll: fixed !== undefined }));
      return name === undefined ? answer : shape(name, answer);
    },
    events(model) {
      const name = pick(`${model} stream`, namesIn(contractOf(model)?.events, true)) ?? "response";
      const form = EVENTS[name];
      if (form === undefined) throw new Error(`no events '${name}'`);
      return form;
    },
  };
}

function same(answer: unknown): unknown {
  return answer;
}

function fields(value: unknown): Body {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function each(value: unknown, change: (item: Body) => unknown): readonly unknown[] {
  return Array.isArray(value) ? value.map((item) => change(fields(item))) : [];
}

function omit(...names: readonly string[]): (body: Body) => Body {
  return (body) => Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}

function segments(answer: unknown, change: (segment: Body) => unknown): Body {
  const body = fields(answer);
  return { ...body, segments: each(body["segments"], change) };
}

function choices(answer: unknown): unknown {
  const { response, usage } = fields(answer);
  const choice = { index: 0, message: { role: "assistant", content: response }, finish_reason: "stop" };
  const completion = { id: "chatcmpl-1", object: "chat.completion", created: 1_780_000_000, model: "offline" };
  return { ...completion, choices: [choice], usage };
}

function withNulls(answer: unknown): Body {
  return { answer: null, objects: null, points: null, reasoning: null, ...fields(answer) };
}
