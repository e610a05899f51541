// A stand-in for the AI binding on real workerd that does what its input says, so that a test can ask for any failure:
// `error:<code>` fails, `error:<code>x<n>` fails the first n times, `sleep:<ms>` answers late, `garbage` answers nonsense,
// `unpriced` names no neurons, `busy:<text>` has no capacity for models whose name holds the text (and lets a call wait that
// does not ask to be refused), `gone:<text>` is withdrawn, `denied:<code>:<text>` is refused with that code, `flagged:<code>x<n>` is
// flagged with it, `nth:<n>:<code>` and `nth:<n>:flagged` fail so the nth time
// only. What is to happen to the text and caption models, which read what others made, is marked:
// `then-error:<code>`, `then-sleep:<ms>`; a chat may ask for a stream, `tokens:<n>x<ms>` of them with a pause before each, and
// `break:<n>` for its end after so many. `<<[…]>>` lists the answers of a chat; the other words are in test/scripted-chat.ts and `answerChat`.
import { WorkerEntrypoint } from "cloudflare:workers";

import { plain, refuseForm, refuseRequest } from "../local/contracts.ts";
import { inTurn, type ShapedBytes } from "../local/shapes.ts";
import errors from "./contracts/errors.json" with { type: "json" };
import { SECOND_BYTES } from "./speech.ts";
import {
  chatOf,
  isChat,
  lastMessage,
  listedAnswer,
  streamedAnswer,
  timesAnswered,
  wholeAnswer,
} from "./scripted-chat.ts";

const calls = new Map<string, number>();
/** What each chat was told last. */
const chats = new Map<string, unknown>();
/** How many tokens of each stream were made. */
const tokensMade = new Map<string, number>();
/** When a call was ended by its signal. */
const stopped = new Map<string, number>();
/** The gateway that each script's last call was to go through. */
const gateways = new Map<string, unknown>();
/** One request for each model and set of fields, bytes left out: what the contracts are held against. */
const requests = new Map<string, { model: string; inputs: unknown; form?: unknown }>();
/** Which shape each model answers in: each that says everything in turn, unless a test asks for one. */
let turns = inTurn();
let running = new Set<symbol>();
let mostRunning = 0;
/** The codes with which the next calls are refused, whatever they ask for: a picture says nothing. */
let refusals: number[] = [];
/** Each ends a call that sleeps. */
const sleepers = new Set<() => void>();

const JPEG =
  "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==";
const STATUS = new Map(errors.errors.map(({ code, status }) => [code, status]));

export default class ScriptedAi extends WorkerEntrypoint {
  async run(
    model: string,
    inputs: Record<string, unknown>,
    options: { signal?: AbortSignal; gateway?: unknown; rejectIfBusy?: boolean },
  ): Promise<Response> {
    const { script, texts, heard, form } = await read(inputs);
    const seen = plain(inputs);
    requests.set(`${model} ${Object.keys(form ?? inputs).join()}`, { model, inputs: seen, ...(form && { form }) });
    const violation = refuseRequest(model, seen) ?? (form === undefined ? null : refuseForm(model, form));
    if (violation !== null) return refusal(5006, violation);
    const refused = refusals.shift();
    if (refused !== undefined) return refusal(refused);
    if (isChat(inputs)) chats.set(script, inputs["messages"]);
    const count = (calls.get(script) ?? 0) + 1;
    calls.set(script, count);
    const call = Symbol(model);
    running.add(call);
    mostRunning = Math.max(mostRunning, running.size);
    options.signal?.addEventListener("abort", () => stopped.set(script, Date.now()));
    gateways.set(script, options.gateway);
    try {
      const isSafer = inputs["vad_filter"] === true;
      const { rejectIfBusy = false } = options;
      const asked = { script: directionsFor(model, script), texts, heard, count, isSafer, rejectIfBusy };
      const answered = await answer(model, asked, () => answerChat(model, inputs, script, options.signal));
      if (options.gateway !== undefined) answered.headers.set("cf-aig-log-id", `log-${count}`);
      if (script.includes("unpriced")) answered.headers.delete("cf-ai-neurons");
      return answered;
    } finally {
      running.delete(call);
    }
  }

  /** How often each script was run, and how many ran at once: the ledger of what was paid for. */
  override async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    // `/?shape=3`: from now on always the shape of this number; `/?shape=`: each in turn again.
    const fixed = searchParams.get("shape");
    if (fixed !== null) turns = fixed === "" ? inTurn() : inTurn(Number(fixed));
    // `/?refuse=3040`: refuse the next call with this code.
    const code = searchParams.get("refuse");
    if (code !== null) refusals.push(Number(code));
    // `/?forget=`: as if nothing had been asked yet, for the next test file. Calls that sleep end at once.
    if (searchParams.has("forget")) {
      for (const kept of [calls, chats, tokensMade, stopped, gateways, requests]) kept.clear();
      turns = inTurn();
      refusals = [];
      for (const wake of sleepers) wake();
      // A call whose caller has gone away ends without a word: it would count for ever.
      running = new Set();
    }
    const answered = Response.json({
      calls: Object.fromEntries(calls),
      stopped: Object.fromEntries(stopped),
      chats: Object.fromEntries(chats),
      tokensMade: Object.fromEntries(tokensMade),
      gateways: Object.fromEntries(gateways),
      requests: [...requests.values()],
      mostRunning,
    });
    mostRunning = 0;
    return answered;
  }
}

interface Asked {
  readonly script: string;
  readonly texts: readonly string[];
  readonly heard: Heard;
  /** The how manieth time this was asked. */
  readonly count: number;
  readonly isSafer: boolean;
  readonly rejectIfBusy: boolean;
}

/** Text and captions are made of what another model has made: that one must not heed the same directions. */
function directionsFor(model: string, script: string): string {
  const isReader = /granite|llama|moondream/.test(model);
  return isReader
    ? script.replaceAll(/(?<!then-)(error|sleep):/g, "").replaceAll("then-", "")
    : script.replaceAll(/then-(error|sleep):/g, "");
}

function answerChat(
  model: string,
  inputs: Record<string, unknown>,
  script: string,
  signal: AbortSignal | undefined,
): Response {
  const chat = chatOf(inputs);
  const said = chat.messages.map(({ content }) => content).join("\n");
  if (said.includes("no-json-mode") && "response_format" in inputs) return refusal(5025, "JSON Mode couldn't be met");
  // The second question of a chat fails the first time.
  if (said.includes("mend-fails") && timesAnswered(chat) === 1 && calls.get(script) === 1) return refusal(3043);
  const listed = listedAnswer(chat);
  if (listed !== null && said.includes("as-object")) {
    return Response.json({ ...listed, response: JSON.parse(listed.response) as unknown }, { headers: PRICED });
  }
  if (!chat.isStream) return shaped(model, listed ?? wholeAnswer(chat));
  tokensMade.set(script, 0);
  return streamedAnswer(script, {
    signal,
    event: turns.events(model),
    onToken: () => tokensMade.set(script, (tokensMade.get(script) ?? 0) + 1),
    onStop: () => stopped.set(script, Date.now()),
  });
}

const PRICED = { "cf-ai-neurons": "1.5" };

/** An answer in the shape that is the model's turn. */
function shaped(model: string, full: unknown): Response {
  const headers = PRICED;
  const given = turns.shape(model, full);
  if (!isBytes(given)) return Response.json(given, { headers });
  return new Response(given.bytes, { headers: { ...headers, "content-type": given.mediaType } });
}

function isBytes(given: unknown): given is ShapedBytes {
  return typeof given === "object" && given !== null && "bytes" in given;
}

/** As long as a call may wait for capacity in the platform's queue: nobody says how long that is. */
const QUEUED_MS = 20_000;

const FLAGGED = "AiError: Input prompt contains NSFW content";

async function answer(
  model: string,
  { script, texts, heard, count, isSafer, rejectIfBusy }: Asked,
  chat: () => Response,
): Promise<Response> {
  const [, ms] = /sleep:(\d+)/.exec(script) ?? [];
  if (ms !== undefined) await sleep(Number(ms));
  for (const [, busy = ""] of script.matchAll(/busy:(\S+)/g)) {
    if (!model.includes(busy)) continue;
    if (!rejectIfBusy) await sleep(QUEUED_MS);
    return refusal(3040);
  }
  for (const [, gone = ""] of script.matchAll(/gone:(\S+)/g)) {
    if (model.includes(gone)) return new Response("Gone", { status: 410 });
  }
  for (const [, number, denied = ""] of script.matchAll(/denied:(\d+):(\S+)/g)) {
    if (model.includes(denied)) return refusal(Number(number));
  }
  const [, flag, flags] = /flagged:(\d+)(?:x(\d+))?/.exec(script) ?? [];
  if (flag !== undefined && (flags === undefined || count <= Number(flags))) {
    return refusal(Number(flag), FLAGGED);
  }
  const [, nth, how = ""] = /nth:(\d+):(\w+)/.exec(script) ?? [];
  if (Number(nth) === count) return how === "flagged" ? refusal(3030, FLAGGED) : refusal(Number(how));
  const [, code, times] = /error:(\d+)(?:x(\d+))?/.exec(script) ?? [];
  if (code !== undefined && (times === undefined || count <= Number(times))) {
    return refusal(Number(code));
  }
  // Takes short audio only, as the real one does.
  if (script.includes("brief") && heard.durationMs > 40_000) return refusal(3006);
  // Loops unless it is asked for with care.
  if (script.includes("loopy") && !isSafer) return shaped(model, transcription(model, loop(heard)));
  if (script.includes("garbage")) return Response.json({ nothing: "of the kind" });
  if (/granite|llama/.test(model)) return chat();
  if (model.includes("moondream")) {
    const metrics = { input_tokens: 729, output_tokens: 7, prefill_time_ms: 1, decode_time_ms: 2, ttft_ms: 1 };
    return shaped(model, { caption: "A horse.", finish_reason: "stop", metrics });
  }
  if (model.includes("whisper")) return shaped(model, transcription(model, heard));
  if (script.includes("rawbytes")) {
    const headers = { "cf-ai-neurons": "1.5", "content-type": "image/png" };
    return new Response(Uint8Array.fromBase64(JPEG), { headers });
  }
  if (model.includes("bge")) {
    return shaped(model, { shape: [texts.length, 64], data: texts.map(meaningOf), pooling: "cls" });
  }
  if (model.includes("flux")) return shaped(model, { image: JPEG });
  const labels = [
    { label: "cup", score: 0.2 },
    { label: "horse", score: 0.7 },
    { label: "moon", score: 0.1 },
  ];
  return shaped(model, labels);
}

async function sleep(ms: number): Promise<void> {
  let wake = () => {};
  await new Promise<void>((resolve) => {
    wake = resolve;
    sleepers.add(wake);
    setTimeout(wake, ms);
  });
  sleepers.delete(wake);
}

function refusal(code: number, description = "scripted failure"): Response {
  const body = { internalCode: code, name: "AiError", message: `AiError: ${description}`, description };
  return Response.json(body, { status: STATUS.get(code) ?? 400 });
}

function loop({ words, durationMs }: Heard): Heard {
  return { words: words.map((word) => ({ ...word, word: "thank" })), durationMs };
}

/** What the real one says of text that is not to be trusted. */
const DOUBTFUL: Readonly<Record<string, object>> = {
  repetitive: { compression_ratio: 3.1 },
  unsure: { avg_logprob: -1.4, no_speech_prob: 0.1 },
  invented: { avg_logprob: -1.4, no_speech_prob: 0.9 },
};

/** The turbo model answers segments, the others only words. */
function transcription(model: string, { words, durationMs }: Heard) {
  const text = words.map(({ word }) => word).join(" ");
  if (!model.includes("turbo")) return { text, word_count: words.length, words, vtt: "WEBVTT" };
  const signals = Object.entries(DOUBTFUL).find(([word]) => text.includes(word))?.[1];
  const segments =
    words.length === 0 ? [] : [{ start: words[0]?.start, end: words.at(-1)?.end, text: ` ${text}`, words, ...signals }];
  const readMs = text.includes("halfread") ? durationMs / 2 : durationMs;
  return { text, segments, transcription_info: { language: "en", duration: readMs / 1000 } };
}

interface Heard {
  readonly words: readonly { word: string; start: number; end: number }[];
  readonly durationMs: number;
}

/** What `speech()` wrote into a WAV: each word that is there whole, with its time. */
function listen(wav: Uint8Array): Heard {
  const bytes = new TextDecoder("latin1").decode(wav);
  const start = bytes.indexOf("data") + 8;
  const at = (offset: number) => (offset - start) / SECOND_BYTES;
  const words = [...bytes.slice(start).matchAll(/<([^<>\0]+)>/g)]
    .map((match) => ({ word: match[1] ?? "", start: at(match.index + start), end: at(match.index + start) + 0.4 }))
    .filter(({ end }) => end <= at(bytes.length));
  return { words, durationMs: Math.round(at(bytes.length) * 1000) };
}

/** Words that mean the same to this model, so that a test can tell meaning from words. */
const SAME: Readonly<Record<string, string>> = { port: "harbour", ship: "boat", ships: "boat", boats: "boat" };

/** A place of 64 for each word. */
function meaningOf(text: string): number[] {
  const vector = Array.from({ length: 64 }, () => 0);
  for (const [word] of text.toLowerCase().matchAll(/[a-z]+/g)) {
    const known = new TextEncoder().encode(SAME[word] ?? word);
    const place = known.reduce((sum, letter) => (sum * 31 + letter) % 64, 7);
    vector[place] = (vector[place] ?? 0) + 1;
  }
  return vector;
}

/** Whatever the input asks for, as text: the prompt, the texts, or what the audio says. */
async function read(inputs: Record<string, unknown>): Promise<Read & { texts: readonly string[] }> {
  const { text } = inputs;
  const texts = Array.isArray(text) ? text.map(String) : typeof text === "string" ? [text] : [];
  if (texts.length > 0) return { script: texts.join(" "), texts, heard: { words: [], durationMs: 0 } };
  return { texts, ...(await readOther(inputs)) };
}

interface Read {
  readonly script: string;
  readonly heard: Heard;
  /** The fields, where the inputs are a form. */
  readonly form?: Record<string, unknown>;
}

async function readOther(inputs: Record<string, unknown>): Promise<Read> {
  const { prompt, audio, image, multipart } = inputs;
  const nothing = { words: [], durationMs: 0 };
  if (isChat(inputs)) return { script: lastMessage(chatOf(inputs)), heard: nothing };
  if (typeof image === "string") return { script: atob(image.slice(image.indexOf(",") + 1)), heard: nothing };
  if (typeof prompt === "string") return { script: prompt, heard: nothing };
  if (isMultipart(multipart)) {
    const form = await new Response(multipart.body, { headers: { "content-type": multipart.contentType } }).formData();
    const field = form.get("prompt");
    return { script: typeof field === "string" ? field : "", heard: nothing, form: Object.fromEntries(form.entries()) };
  }
  if (Array.isArray(image)) return { script: new TextDecoder("latin1").decode(new Uint8Array(image)), heard: nothing };
  const wav =
    typeof audio === "string" ? Uint8Array.fromBase64(audio) : new Uint8Array(Array.isArray(audio) ? audio : []);
  const heard = listen(wav);
  return { script: heard.words.map(({ word }) => word).join(" "), heard };
}

function isMultipart(value: unknown): value is { body: ReadableStream; contentType: string } {
  return typeof value === "object" && value !== null && "body" in value && "contentType" in value;
}
