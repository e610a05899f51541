// A stand-in for the AI binding that embeds at once, with the bench's own vectors: the model's speed is not measured.
import { WorkerEntrypoint } from "cloudflare:workers";

import { meaningOf } from "../search/meaning.ts";

export default class MeaningAi extends WorkerEntrypoint {
  async run(_model: string, { text }: { text: readonly string[] }): Promise<Response> {
    return Response.json({ data: text.map(meaningOf) }, { headers: { "cf-ai-neurons": "0.01" } });
  }

  override async fetch(): Promise<Response> {
    return new Response("embeds");
  }
}
