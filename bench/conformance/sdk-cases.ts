// The dialects, through the libraries that their users have.
import type { Prediction } from "replicate";

import { type Callers, type Case, expect } from "./case.ts";
import { recording, WORDS } from "./sources.ts";

const IMAGE = "black-forest-labs/flux-schnell";

/** As Replicate's pages of the models show them, but for the number of pictures. */
const EXAMPLE = {
  go_fast: true,
  megapixels: "0.25",
  num_outputs: 2,
  aspect_ratio: "16:9",
  output_format: "webp",
  output_quality: 80,
};
const PUBLISHED = {
  "flux-schnell": { ...EXAMPLE, prompt: "a published example", num_inference_steps: 4 },
  "flux-dev": { ...EXAMPLE, prompt: "another", guidance: 3.5, prompt_strength: 0.8, num_inference_steps: 28 },
};

export const sdkCases: readonly Case[] = [
  {
    operation: "GET /openai/v1/models",
    via: "openai",
    async run({ openai }) {
      const ids: string[] = [];
      for await (const { id } of openai.models.list()) ids.push(id);
      expect(ids.includes("whisper-1"), `models: ${ids.join(", ")}`);
    },
  },
  {
    operation: "GET /openai/v1/models/{model}",
    via: "openai",
    run: async ({ openai }) => expect((await openai.models.retrieve("whisper-1")).id === "whisper-1", "another"),
  },
  ...(["json", "text", "srt", "verbose_json", "vtt"] as const).map((format): Case => ({
    operation: "POST /openai/v1/audio/transcriptions",
    via: "openai",
    of: format,
    async run({ openai }) {
      const request = { file: recording(), model: "whisper-1", response_format: format };
      // The library's type is an object, but for `text`, `srt` and `vtt` it returns a string.
      const answer: unknown = await openai.audio.transcriptions.create(request);
      const isText = ["text", "srt", "vtt"].includes(format);
      const text = isText ? answer : (answer as { text?: unknown }).text;
      expect(typeof text === "string" && text.includes(WORDS), `it says ${JSON.stringify(answer)}`);
      if (format === "verbose_json") expect((answer as { segments?: unknown[] }).segments?.length, "no segments");
      if (format === "vtt") expect(text.startsWith("WEBVTT"), "no WebVTT");
    },
  })),
  {
    operation: "POST /openai/v1/audio/transcriptions",
    via: "openai",
    of: "streamed",
    async run({ openai }) {
      const request = { file: recording(), model: "gpt-4o-transcribe", stream: true } as const;
      let deltas = "";
      let whole = "";
      for await (const event of await openai.audio.transcriptions.create(request)) {
        if (event.type === "transcript.text.delta") deltas += event.delta;
        if (event.type === "transcript.text.done") whole = event.text;
      }
      expect(whole.includes(WORDS) && deltas === whole, `it streams '${deltas}' and says '${whole}'`);
    },
  },
  ...(["float", "base64", undefined] as const).map((format): Case => ({
    operation: "POST /openai/v1/embeddings",
    via: "openai",
    of: format ?? "the library's default",
    async run({ openai }) {
      const request = { model: "text-embedding-3-small", input: ["a harbour", "a port"] };
      const { data } = await openai.embeddings.create({ ...request, ...(format && { encoding_format: format }) });
      expect(data.length === 2 && data[1]?.index === 1, `${data.length} vectors`);
    },
  })),
  {
    operation: "POST /openai/v1/audio/translations",
    via: "openai",
    async run({ openai }) {
      const { text } = await openai.audio.translations.create({ file: recording(), model: "whisper-1" });
      expect(text.includes(WORDS), `it says ${text}`);
    },
  },
  ...(["b64_json", "url"] as const).map((format): Case => ({
    operation: "POST /openai/v1/images/generations",
    via: "openai",
    of: format,
    async run({ openai }) {
      const request = { model: "dall-e-3", prompt: `a harbour, ${format}`, response_format: format };
      const [image] = (await openai.images.generate(request)).data ?? [];
      const bytes =
        format === "url" ? await (await fetch(image?.url ?? "")).bytes() : Buffer.from(image?.b64_json ?? "", "base64");
      expect(bytes[0] === 0xff && bytes[1] === 0xd8, "no JPEG");
    },
  })),
  {
    operation: "GET /signed/jobs/{id}/artifacts/{name}",
    via: "http",
    async run({ openai, http }) {
      const request = { model: "dall-e-3", prompt: "a signed link", response_format: "url" } as const;
      const [image] = (await openai.images.generate(request)).data ?? [];
      expect(image?.url, "no link");
      expect((await http(image.url)).ok, "the link does not work");
    },
  },
  {
    operation: "GET /replicate/v1/models",
    via: "replicate",
    run: async ({ replicate }) => expect((await replicate.models.list()).results.length > 0, "none"),
  },
  {
    operation: "GET /replicate/v1/models/{owner}/{name}",
    via: "replicate",
    run: async ({ replicate }) =>
      expect((await replicate.models.get("black-forest-labs", "flux-schnell")).name === "flux-schnell", "another"),
  },
  {
    operation: "QUERY /replicate/v1/models",
    via: "replicate",
    run: async ({ replicate }) => expect((await replicate.models.search("flux schnell")).results.length > 0, "none"),
  },
  {
    operation: "GET /replicate/v1/models/{owner}/{name}/versions",
    via: "replicate",
    async run({ replicate }) {
      const { results } = await replicate.models.versions.list("openai", "whisper");
      expect(results[0]?.openapi_schema, "no schema");
    },
  },
  {
    operation: "GET /replicate/v1/models/{owner}/{name}/versions/{version}",
    via: "replicate",
    async run({ replicate }) {
      const id = (await replicate.models.get("openai", "whisper")).latest_version?.id ?? "";
      expect((await replicate.models.versions.get("openai", "whisper", id)).id === id, "another");
    },
  },
  {
    operation: "GET /replicate/v1/account",
    via: "replicate",
    run: async ({ replicate }) => expect((await replicate.accounts.current()).username, "nobody"),
  },
  {
    operation: "GET /replicate/v1/files",
    via: "replicate",
    async run({ replicate }) {
      const { id } = await replicate.files.create(recording());
      const listed: string[] = [];
      for await (const page of replicate.paginate(() => replicate.files.list())) {
        listed.push(...page.map((file) => file.id));
      }
      expect(listed.includes(id), "not listed");
      await replicate.files.delete(id);
    },
  },
  {
    operation: "GET /replicate/v1/predictions/{id}/stream",
    via: "replicate",
    async run({ replicate }) {
      const events: string[] = [];
      for await (const { event } of replicate.stream(IMAGE, { input: { prompt: "stream" } })) events.push(event);
      expect(events.join() === "logs,output,done", events.join());
    },
  },
  ...(["flux-schnell", "flux-dev"] as const).map((name): Case => ({
    operation: "POST /replicate/v1/models/{owner}/{name}/predictions",
    via: "replicate",
    of: `the published example of ${name}`,
    async run({ replicate }) {
      const output = await replicate.run(`black-forest-labs/${name}`, { input: PUBLISHED[name] });
      expect(Array.isArray(output) && output.length === 2, JSON.stringify(output));
    },
  })),
  {
    operation: "POST /replicate/v1/models/{owner}/{name}/predictions",
    via: "replicate",
    of: "create",
    run: async (callers) => expect((await predict(callers, "create")).id, "no id"),
  },
  {
    operation: "POST /replicate/v1/models/{owner}/{name}/predictions",
    via: "replicate",
    of: "run",
    async run({ replicate }) {
      const output = await replicate.run(IMAGE, { input: { prompt: "run" } });
      // The SDK makes files only of https addresses; these are http.
      const [address] = output as readonly unknown[];
      expect((await (await fetch(String(address))).bytes())[0] === 0xff, "no picture");
    },
  },
  {
    operation: "POST /replicate/v1/predictions",
    via: "replicate",
    async run({ replicate }) {
      const version = "8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e";
      const created = await replicate.predictions.create({ version, input: { audio: recording() } });
      const { status, output } = await replicate.wait(created, { interval: 200 });
      expect(status === "succeeded" && JSON.stringify(output).includes(WORDS), `${status} ${JSON.stringify(output)}`);
    },
  },
  {
    operation: "GET /replicate/v1/predictions/{id}",
    via: "replicate",
    of: "get",
    async run(callers) {
      const { id } = await predict(callers, "get");
      expect((await callers.replicate.predictions.get(id)).id === id, "another");
    },
  },
  {
    operation: "GET /replicate/v1/predictions/{id}",
    via: "replicate",
    of: "wait",
    async run(callers) {
      const { status } = await callers.replicate.wait(await predict(callers, "wait"), { interval: 200 });
      expect(status === "succeeded", status);
    },
  },
  {
    operation: "GET /replicate/v1/predictions",
    via: "replicate",
    async run(callers) {
      const { id } = await predict(callers, "list");
      const listed: string[] = [];
      for await (const page of callers.replicate.paginate(() => callers.replicate.predictions.list())) {
        listed.push(...page.map((prediction) => prediction.id));
      }
      expect(listed.includes(id), "not listed");
    },
  },
  {
    operation: "POST /replicate/v1/predictions/{id}/cancel",
    via: "replicate",
    async run(callers) {
      const { id } = await predict(callers, "sleep:20000");
      expect((await callers.replicate.predictions.cancel(id)).status === "canceled", "not cancelled");
    },
  },
  ...(["POST /replicate/v1/files", "GET /replicate/v1/files/{id}", "DELETE /replicate/v1/files/{id}"] as const).map(
    (operation): Case => ({
      operation,
      via: "replicate",
      async run({ replicate }) {
        const file = recording();
        const { id } = await replicate.files.create(file);
        expect((await replicate.files.get(id)).size === file.size, "another size");
        await replicate.files.delete(id);
      },
    }),
  ),
];

function predict({ replicate }: Callers, prompt: string): Promise<Prediction> {
  // By default the library would wait for the prediction.
  return replicate.predictions.create({ model: IMAGE, input: { prompt }, wait: false });
}
