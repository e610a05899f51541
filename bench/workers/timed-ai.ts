// A stand-in for the AI binding that gives the same labels, or the same words, after a set time: the models' speed is not measured.
import { WorkerEntrypoint } from "cloudflare:workers";

const LABELS = [
  { label: "cup", score: 0.7 },
  { label: "horse", score: 0.2 },
  { label: "moon", score: 0.1 },
];

const WORDS = "five seconds of somebody who says ten words and stops".split(" ").map((word, index) => {
  return { word: ` ${word}`, start: index * 0.5, end: index * 0.5 + 0.4 };
});
const HEARD = {
  text: WORDS.map(({ word }) => word).join(""),
  segments: [{ start: 0, end: 4.9, text: WORDS.map(({ word }) => word).join(""), words: WORDS }],
  transcription_info: { language: "en", duration: 5 },
};

let latencyMs = 0;

export default class TimedAi extends WorkerEntrypoint {
  async run(model: string): Promise<Response> {
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
    return Response.json(model.includes("whisper") ? HEARD : LABELS, { headers: { "cf-ai-neurons": "0.228" } });
  }

  /** `/?latencyMs=200` sets the time for later calls. A var would need a restart between two cases. */
  override async fetch(request: Request): Promise<Response> {
    latencyMs = Number(new URL(request.url).searchParams.get("latencyMs"));
    return Response.json({ latencyMs });
  }
}
