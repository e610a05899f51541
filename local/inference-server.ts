// The offline models at one address on loopback. POST /run/<model> answers as Workers AI would, with other engines.
// GET /ledger returns what that would have cost.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { contractOf, refuseForm, refuseRequest } from "./contracts.ts";
import { DRAWING_ENGINE, drawingModels, readForm } from "./engine/drawing/draw-models.ts";
import { bgeM3, EMBEDDING_ENGINE } from "./engine/embedding/bge-m3.ts";
import {
  InferenceError,
  internalFailure,
  invalidData,
  invalidInput,
  noSuchModel,
  tooLarge,
} from "./engine/inference-error.ts";
import type { LocalModel, ModelRequest } from "./engine/model.ts";
import { moondream } from "./engine/pictures/caption.ts";
import { PICTURE_ENGINE, startDetector } from "./engine/pictures/detector.ts";
import { resnet } from "./engine/pictures/resnet.ts";
import { chooseSpeechEngine } from "./engine/speech/speech-engine.ts";
import { whisper, whisperTurbo } from "./engine/speech/whisper-models.ts";
import { TEXT_ENGINE, textModels } from "./engine/text/generate.ts";
import { distilbert, SENTIMENT_ENGINE } from "./engine/text/sentiment.ts";
import { Ledger } from "./ledger.ts";
import { sendAnswer } from "./send-answer.ts";
import { inTurn, type Turns } from "./shapes.ts";

/** Bytes as a JSON array of numbers take four times their size. The platform does not document its limit; users report 3006 well below this. */
const LARGEST_BODY_BYTES = 25_000_000;

export type InferenceServer = {
  readonly url: string;
  /** The engine for each task. */
  readonly engines: Readonly<Record<"speech" | "pictures" | "sentiment" | "text" | "embeddings" | "drawing", string>>;
  close(): Promise<void>;
};

/**
 * Start the server.
 * @param port 0 for any free port.
 * @param shape the number of the contract's shape that every answer has; by default each model uses each of its shapes in turn.
 */
export async function startInferenceServer({
  port,
  shape,
}: {
  port: number;
  shape?: number | undefined;
}): Promise<InferenceServer> {
  const speech = chooseSpeechEngine(process.env["DARKROOM_WHISPER"]);
  const detector = startDetector();
  const drawing = drawingModels();
  const models: ReadonlyMap<string, LocalModel> = new Map([
    ["@cf/openai/whisper-tiny-en", whisper("@cf/openai/whisper-tiny-en", speech)],
    ["@cf/openai/whisper", whisper("@cf/openai/whisper", speech)],
    ["@cf/openai/whisper-large-v3-turbo", whisperTurbo("@cf/openai/whisper-large-v3-turbo", speech)],
    ["@cf/microsoft/resnet-50", resnet(detector)],
    ["@cf/moondream/moondream3.1-9B-A2B", moondream(detector)],
    ["@cf/huggingface/distilbert-sst-2-int8", distilbert],
    ["@cf/baai/bge-m3", bgeM3],
    ...Object.entries(textModels),
    ...Object.entries(drawing.models),
  ]);

  const served = { models, ledger: new Ledger(), turns: inTurn(shape) };
  const server = createServer((request, response) => void answer(served, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the inference server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    engines: {
      speech: speech.type === "ready" ? speech.recogniser.engine : `none: ${speech.remedy}`,
      pictures: PICTURE_ENGINE,
      sentiment: SENTIMENT_ENGINE,
      text: TEXT_ENGINE,
      embeddings: EMBEDDING_ENGINE,
      drawing: DRAWING_ENGINE,
    },
    async close() {
      server.closeAllConnections();
      const engines = [
        detector.close(),
        drawing.close(),
        speech.type === "ready" ? speech.recogniser.close?.() : undefined,
      ];
      await Promise.all([new Promise((resolve) => server.close(resolve)), ...engines]);
    },
  };
}

type Served = { readonly models: ReadonlyMap<string, LocalModel>; readonly ledger: Ledger; readonly turns: Turns };

async function answer(
  { models, ledger, turns }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // The work for a client stops when the client disconnects.
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "GET" && url.pathname === "/ledger") {
      response.setHeader("content-type", "application/json").end(JSON.stringify(ledger.read()));
      return;
    }
    const name = decodeURIComponent(url.pathname).replace(/^\/run\//, "");
    const model = models.get(name);
    if (request.method !== "POST" || model === undefined) throw noSuchModel(name);
    const asked = await readRequest(request, url, gone.signal);
    await refuseByContract(name, asked);
    const answered = await model(asked);
    // A client that has disconnected gets no answer and is not charged.
    gone.signal.throwIfAborted();
    const charge = (neurons: number) => ledger.charge(name, neurons);
    await sendAnswer(response, answered, { model: name, turns, charge, gone: gone.signal });
  } catch (error) {
    if (gone.signal.aborted) return;
    const problem = error instanceof InferenceError ? error : internalFailure(error);
    if (problem.status === 500) console.error({ event: "inference.failed", url: request.url, error });
    const headers = { "content-type": "application/json", "cf-ai-neurons": "0" };
    response.setHeader("x-darkroom-engine", "local");
    response.writeHead(problem.status, headers).end(JSON.stringify(problem));
  }
}

/** @throws InferenceError 5006 if the platform's own schema does not accept the request. */
async function refuseByContract(model: string, request: ModelRequest): Promise<void> {
  const { inputs, stream } = request;
  const isForm = contractOf(model)?.form !== undefined;
  // The request does not say which input was the stream, but each model has only one that can be.
  const streamed = stream && { [isForm ? "multipart" : "audio"]: { body: {}, contentType: stream.contentType } };
  const isObject = typeof inputs === "object" && inputs !== null;
  const violation = refuseRequest(model, isObject ? { ...inputs, ...streamed } : inputs);
  if (violation !== null) throw invalidInput(violation);
  if (!isForm) return;
  const { inputImages: _, ...fields } = await readForm(request);
  const faults = refuseForm(model, fields);
  if (faults !== null) throw invalidInput(faults);
}

async function readRequest(request: IncomingMessage, url: URL, signal: AbortSignal): Promise<ModelRequest> {
  const bytes = await readBody(request);
  const contentType = request.headers["content-type"] ?? "application/json";
  const userInputs = url.searchParams.get("userInputs");
  if (userInputs !== null) return { inputs: parseJson(userInputs), stream: { bytes, contentType }, signal };
  return { inputs: parseJson(bytes.toString()), signal };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    // The rest is read but not kept: closing the connection early would hide the refusal from the sender.
    if (sizeBytes <= LARGEST_BODY_BYTES) chunks.push(chunk);
  }
  if (sizeBytes > LARGEST_BODY_BYTES) throw tooLarge();
  return Buffer.concat(chunks);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidData("Error: the body is not JSON");
  }
}

if (import.meta.main) {
  const { url, engines } = await startInferenceServer({
    port: Number(process.env["PORT"] ?? 0),
    shape: process.env["DARKROOM_SHAPE"] === undefined ? undefined : Number(process.env["DARKROOM_SHAPE"]),
  });
  console.log(JSON.stringify({ event: "inference.listening", url, engines }));
}
