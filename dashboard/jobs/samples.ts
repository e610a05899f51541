// Submits the four samples. They are part of the page, so they work offline as well.
import coffee from "../../local/samples/coffee.jpg?url";
import harbour from "../../local/samples/harbour.prompt?url";
import review from "../../local/samples/review.txt?url";
import voiceNote from "../../local/samples/voice-note.mp3?url";
import type { UploadRequest } from "../../client/index.ts";
import { api } from "../api/session.ts";

interface Sample {
  readonly url: string;
  readonly request: UploadRequest & { readonly name: string };
}

const SAMPLES: readonly Sample[] = [
  { url: voiceNote, request: { name: "voice-note.mp3", then: ["summarise"] } },
  { url: coffee, request: { name: "coffee.jpg", then: ["describe"] } },
  { url: review, request: { name: "review.txt" } },
  { url: harbour, request: { name: "harbour.prompt" } },
];

export async function submitSamples(): Promise<void> {
  for (const { url, request } of SAMPLES) {
    const response = await fetch(url);
    if (!response.ok)
      throw new Error(
        `The sample ${request.name} could not be read (${response.status}). Reload the page and try again.`,
      );
    await api().uploads.put(await response.blob(), { ...request, tags: ["sample"] });
  }
}
