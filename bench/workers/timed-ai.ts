// A stand-in for the AI binding that answers the same labels after a set time: the models' own speed is not measured.
import { WorkerEntrypoint } from "cloudflare:workers";

const LABELS = [
  { label: "cup", score: 0.7 },
  { label: "horse", score: 0.2 },
  { label: "moon", score: 0.1 },
];

let latencyMs = 0;

export default class TimedAi extends WorkerEntrypoint {
  async run(): Promise<Response> {
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
    return Response.json(LABELS, { headers: { "cf-ai-neurons": "0.228" } });
  }

  /** `/?latencyMs=200` sets the time from now on: a var would need a restart between two cases. */
  override async fetch(request: Request): Promise<Response> {
    latencyMs = Number(new URL(request.url).searchParams.get("latencyMs"));
    return Response.json({ latencyMs });
  }
}
