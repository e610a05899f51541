// The offline models behind one address on loopback: POST /run/<model> answers as Workers AI would, by other means.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import { DRAWING_ENGINE, drawingModels } from "./engine/drawing/draw-models.ts";
import { InferenceError, internalFailure, invalidData, noSuchModel, tooLarge } from "./engine/inference-error.ts";
import type { Answer, LocalModel, ModelRequest } from "./engine/model.ts";
import { PICTURE_ENGINE, pictureLabeller } from "./engine/pictures/resnet.ts";
import { chooseSpeechEngine } from "./engine/speech/speech-engine.ts";
import { whisper, whisperTurbo } from "./engine/speech/whisper-models.ts";
import { distilbert, SENTIMENT_ENGINE } from "./engine/text/sentiment.ts";

/** An array of byte values is four times its bytes as JSON. Undocumented on the platform: users report 3006 well below. */
const LARGEST_BODY_BYTES = 25_000_000;

export type InferenceServer = {
  readonly url: string;
  /** Who answers for which task. */
  readonly engines: Readonly<Record<"speech" | "pictures" | "text" | "drawing", string>>;
  close(): Promise<void>;
};

/** @param port 0 for any free one. */
export async function startInferenceServer({ port }: { port: number }): Promise<InferenceServer> {
  const speech = await chooseSpeechEngine(process.env["DARKROOM_WHISPER"]);
  const labeller = pictureLabeller();
  const drawing = drawingModels();
  const models: ReadonlyMap<string, LocalModel> = new Map([
    ["@cf/openai/whisper-tiny-en", whisper("@cf/openai/whisper-tiny-en", speech)],
    ["@cf/openai/whisper", whisper("@cf/openai/whisper", speech)],
    ["@cf/openai/whisper-large-v3-turbo", whisperTurbo("@cf/openai/whisper-large-v3-turbo", speech)],
    ["@cf/microsoft/resnet-50", labeller.resnet],
    ["@cf/huggingface/distilbert-sst-2-int8", distilbert],
    ...Object.entries(drawing.models),
  ]);

  const server = createServer((request, response) => void answer(models, request, response));
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
      text: SENTIMENT_ENGINE,
      drawing: DRAWING_ENGINE,
    },
    async close() {
      server.closeAllConnections();
      await Promise.all([new Promise((resolve) => server.close(resolve)), labeller.close(), drawing.close()]);
    },
  };
}

async function answer(
  models: ReadonlyMap<string, LocalModel>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // A client that goes away takes its work with it.
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    const url = new URL(request.url ?? "/", "http://localhost");
    const name = decodeURIComponent(url.pathname).replace(/^\/run\//, "");
    const model = models.get(name);
    if (request.method !== "POST" || model === undefined) throw noSuchModel(name);
    send(response, await model(await readRequest(request, url, gone.signal)));
  } catch (error) {
    if (gone.signal.aborted) return;
    const problem = error instanceof InferenceError ? error : internalFailure(error);
    if (problem.status === 500) console.error({ event: "inference.failed", url: request.url, error });
    const headers = { "content-type": "application/json", "cf-ai-neurons": "0" };
    response.setHeader("x-darkroom-engine", "local");
    response.writeHead(problem.status, headers).end(JSON.stringify(problem));
  }
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
    // Read to the end but not kept: leaving early closes the connection, and the sender never sees the refusal.
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

function send(response: ServerResponse, { body, neurons, engine }: Answer): void {
  response.setHeader("cf-ai-neurons", neurons.toFixed(4));
  response.setHeader("x-darkroom-engine", engine);
  if ("bytes" in body) {
    response.writeHead(200, { "content-type": body.mediaType }).end(body.bytes);
  } else {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
}

if (import.meta.main) {
  const { url, engines } = await startInferenceServer({ port: Number(process.env["PORT"] ?? 0) });
  console.log(JSON.stringify({ event: "inference.listening", url, engines }));
}
