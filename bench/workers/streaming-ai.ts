// A stand-in for the AI binding whose text model streams a set number of tokens, with a pause before each but the first.
import { WorkerEntrypoint } from "cloudflare:workers";

const LABELS = [{ label: "cup", score: 0.7 }];
const encoder = new TextEncoder();

let tokens = 1;
let pauseMs = 0;

export default class StreamingAi extends WorkerEntrypoint {
  async run(_model: string, inputs: Record<string, unknown>): Promise<Response> {
    if (inputs["stream"] !== true) return Response.json(LABELS, { headers: { "cf-ai-neurons": "1" } });
    return new Response(answer(tokens, pauseMs), { headers: { "content-type": "text/event-stream" } });
  }

  /** `/?tokens=100&pauseMs=5` sets both for later calls. */
  override async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    tokens = Number(searchParams.get("tokens"));
    pauseMs = Number(searchParams.get("pauseMs"));
    return Response.json({ tokens, pauseMs });
  }
}

function answer(count: number, waitMs: number): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent > 0 && waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (sent === count) {
        controller.enqueue(encoder.encode("data: [DONE]\n\n"));
        controller.close();
        return;
      }
      sent += 1;
      controller.enqueue(encoder.encode(`data: {"response":"word "}\n\n`));
    },
  });
}
