// A stand-in for the AI binding on real workerd that does what its input says, so that a test can ask for any failure:
// `error:<code>` fails, `error:<code>x<n>` fails the first n times, `sleep:<ms>` answers late, `garbage` answers nonsense.
import { WorkerEntrypoint } from "cloudflare:workers";

const calls = new Map<string, number>();
let running = 0;
let mostRunning = 0;

const JPEG =
  "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==";
const STATUS: Readonly<Record<string, number>> = { "3036": 429, "4006": 429, "3040": 429, "3006": 413 };

export default class ScriptedAi extends WorkerEntrypoint {
  async run(model: string, inputs: Record<string, unknown>, _options: unknown): Promise<Response> {
    const script = await scriptOf(inputs);
    const count = (calls.get(script) ?? 0) + 1;
    calls.set(script, count);
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    try {
      return await answer(model, script, count);
    } finally {
      running -= 1;
    }
  }

  /** How often each script was run, and how many ran at once: the ledger of what was paid for. */
  override async fetch(): Promise<Response> {
    const answered = Response.json({ calls: Object.fromEntries(calls), mostRunning });
    mostRunning = 0;
    return answered;
  }
}

async function answer(model: string, script: string, count: number): Promise<Response> {
  const [, ms] = /sleep:(\d+)/.exec(script) ?? [];
  if (ms !== undefined) await new Promise((resolve) => setTimeout(resolve, Number(ms)));
  const [, code, times] = /error:(\d+)(?:x(\d+))?/.exec(script) ?? [];
  if (code !== undefined && (times === undefined || count <= Number(times))) {
    const body = { internalCode: Number(code), name: "AiError", message: "scripted", description: "scripted failure" };
    return Response.json(body, { status: STATUS[code] ?? 400 });
  }
  if (script.includes("garbage")) return Response.json({ nothing: "of the kind" });
  const headers = { "cf-ai-neurons": "1.5" };
  if (model.includes("whisper")) return Response.json(transcription(model, script), { headers });
  if (script.includes("rawbytes")) {
    return new Response(Uint8Array.fromBase64(JPEG), { headers: { ...headers, "content-type": "image/png" } });
  }
  if (model.includes("flux")) return Response.json({ image: JPEG }, { headers });
  const labels = [
    { label: "cup", score: 0.2 },
    { label: "horse", score: 0.7 },
    { label: "moon", score: 0.1 },
  ];
  return Response.json(labels, { headers });
}

// The turbo model answers segments, the others only words.
function transcription(model: string, script: string) {
  const words = script.split(/\s+/).map((word, index) => ({ word, start: index * 0.5, end: index * 0.5 + 0.4 }));
  if (!model.includes("turbo")) return { text: script, word_count: words.length, words, vtt: "WEBVTT" };
  const segments = [{ start: 0, end: words.at(-1)?.end ?? 0, text: ` ${script}`, words }];
  return { text: script, segments, transcription_info: { language: "en", duration: words.length * 0.5 } };
}

/** Whatever the input holds, as text: the prompt, the text, or the bytes of the audio or picture. */
async function scriptOf(inputs: Record<string, unknown>): Promise<string> {
  const { prompt, text, audio, image, multipart } = inputs;
  if (typeof prompt === "string") return prompt;
  if (typeof text === "string") return text;
  if (typeof audio === "string") return new TextDecoder().decode(Uint8Array.fromBase64(audio)).trim();
  if (isMultipart(multipart)) {
    const form = await new Response(multipart.body, { headers: { "content-type": multipart.contentType } }).formData();
    const field = form.get("prompt");
    return typeof field === "string" ? field : "";
  }
  const bytes = Array.isArray(audio) ? audio : image;
  return new TextDecoder("latin1").decode(new Uint8Array(Array.isArray(bytes) ? bytes : [])).trim();
}

function isMultipart(value: unknown): value is { body: ReadableStream; contentType: string } {
  return typeof value === "object" && value !== null && "body" in value && "contentType" in value;
}
