// The shapes that the platform's models use, as documented or as observed. A stand-in makes its answer once, in the fullest
// shape, and sends it in each of the contract's shapes in turn.
import { type AnswerContract, contractOf } from "./contracts.ts";

type Body = Readonly<Record<string, unknown>>;

/** Bytes that are sent unchanged. */
export interface ShapedBytes {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

const SHAPES: Readonly<Record<string, (answer: unknown) => unknown>> = {
  // Speech. The fullest shape has text, and words or segments.
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

  // Pictures. The fullest shape is base64.
  base64: same,
  bytes: (answer): ShapedBytes => {
    const image = String(fields(answer)["image"]);
    return { bytes: Uint8Array.from(atob(image), (char) => char.charCodeAt(0)), mediaType: "image/jpeg" };
  },

  // Labels.
  labels: same,
  "labels with gaps": (answer) => (Array.isArray(answer) ? [{ score: 0.99 }, ...answer, { label: "nothing" }] : answer),

  // Chats. The fullest shape has response and usage.
  response: same,
  "response without usage": (answer) => omit("usage")(fields(answer)),
  choices,
  "choices without usage": (answer) => omit("usage")(fields(choices(answer))),

  // Captions. The fullest shape has caption and metrics.
  root: same,
  "root with nulls": withNulls,
  "wrapped in result": (answer) => {
    const { input_tokens = 0, output_tokens = 0 } = fields(fields(answer)["metrics"]);
    const [prompt, completion] = [Number(input_tokens), Number(output_tokens)];
    const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
    return { result: withNulls(answer), usage };
  },

  // Vectors. The fullest shape has data, shape and pooling.
  data: same,
  "data alone": (answer) => ({ data: fields(answer)["data"] }),
  "vectors in response": (answer) => {
    const { data, ...rest } = fields(answer);
    return { response: data, ...rest };
  },
};

/** One event of a chat's stream: a token, or at the end the usage of all tokens. */
export interface ChatEvent {
  readonly text: string;
  readonly usage?: object;
  /** At the end: whether the model wrote as much as it may. */
  readonly isCut?: boolean;
}

const EVENTS: Readonly<Record<string, (event: ChatEvent) => object>> = {
  response: ({ text, usage }) => ({ response: text, ...(usage && { usage }) }),
  choices: ({ text, usage, isCut = false }) => {
    const chunk = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_780_000_000, model: "offline" };
    return usage === undefined
      ? { ...chunk, choices: [{ index: 0, delta: { content: text }, finish_reason: null }] }
      : { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: isCut ? "length" : "stop" }], usage };
  },
};

/** Return the names of a model's complete shapes, or of all its shapes. */
export function shapesOf(model: string, { isAll = false }: { isAll?: boolean } = {}): readonly string[] {
  return namesIn(contractOf(model)?.answers, isAll);
}

function namesIn(answers: readonly AnswerContract[] = [], isAll: boolean): readonly string[] {
  return answers.flatMap(({ shapes, partial = [] }) => (isAll ? [...shapes, ...partial] : shapes));
}

/** Return an answer in this shape. @throws an Error if no shape has this name. */
export function shape(name: string, answer: unknown): unknown {
  const form = SHAPES[name];
  if (form === undefined) throw new Error(`there is no shape '${name}'`);
  return form(answer);
}

/** Chooses the shape of each model's next answer. */
export interface Turns {
  /** Return `answer` in the model's next shape; unchanged if the model has no contract. */
  shape(model: string, answer: unknown): unknown;
  /** Return how to write the events of the model's next stream. */
  events(model: string): (event: ChatEvent) => object;
}

/** @param fixed always use the shape with this number, counted around all of a model's shapes; by default use each in turn. */
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
      if (form === undefined) throw new Error(`there is no event shape '${name}'`);
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
  const content = typeof response === "string" ? response : JSON.stringify(response);
  const choice = { index: 0, message: { role: "assistant", content }, finish_reason: "stop" };
  const completion = { id: "chatcmpl-1", object: "chat.completion", created: 1_780_000_000, model: "offline" };
  return { ...completion, choices: [choice], usage };
}

function withNulls(answer: unknown): Body {
  return { answer: null, objects: null, points: null, reasoning: null, ...fields(answer) };
}
