// Jobs and uploads through the typed client.
import type { Job, StoredPart } from "../../client/index.ts";
import { type Case, expect } from "./case.ts";
import { ended, heard, longRecording, recording, WORDS } from "./sources.ts";

const via = "client";
const FIVE_MIB = 5 * 1024 * 1024;

export const jobCases: readonly Case[] = [
  {
    operation: "GET /healthz",
    via,
    run: async ({ client }) => expect((await client.health()).status === "ok", "not ok"),
  },
  {
    operation: "GET /openapi.json",
    via,
    run: async ({ client }) => expect("paths" in (await client.openapi()), "no paths"),
  },
  {
    operation: "POST /v1/jobs",
    via,
    async run(callers) {
      const request = { kind: "image_generation", prompt: "a harbour" } as const;
      const { id } = await callers.client.jobs.submit(request, { idempotencyKey: "conformance-1" });
      const again = await callers.client.jobs.submit(request, { idempotencyKey: "conformance-1" });
      expect(again.id === id, "the same idempotency key made another job");
      await ended(callers, id);
    },
  },
  {
    operation: "POST /v1/jobs",
    via,
    of: "waiting",
    async run({ client }) {
      const job = await client.jobs.submit({ kind: "classification", text: "fine" }, { waitSeconds: 30 });
      expect(job.state === "completed", `the answer did not wait for the end: ${job.state}`);
    },
  },
  {
    operation: "POST /v1/jobs",
    via,
    of: "with steps",
    async run(callers) {
      const then = ["summarise", "embed"] as const;
      const { id } = await callers.client.jobs.submit({ kind: "classification", text: "a fine text", then: [...then] });
      const { artifacts } = await ended(callers, id);
      expect(
        artifacts.some(({ name }) => name === "summary.txt"),
        "no summary",
      );
    },
  },
  {
    operation: "POST /v1/jobs/batch",
    via,
    async run({ client }) {
      const wrong = { kind: "classification", text: "" } as const;
      const results = await client.jobs.submitBatch([{ kind: "classification", text: "good" }, wrong]);
      expect(results[0]?.job?.id, "the first has no job");
      expect(results[1]?.problem?.code === "invalid_request", "the second has no problem");
    },
  },
  {
    operation: "POST /v1/jobs/estimate",
    via,
    async run({ client }) {
      const { estimate } = await client.jobs.estimate({ kind: "image_generation", prompt: "a harbour" });
      expect(estimate !== null && estimate.neurons > 0, "it has no price");
    },
  },
  {
    operation: "POST /v1/jobs/batch/estimate",
    via,
    async run({ client }) {
      const results = await client.jobs.estimateBatch([{ kind: "classification", text: "good" }]);
      expect(results[0]?.estimate?.calls === 1, "the job has no price");
    },
  },
  {
    operation: "POST /v1/uploads/estimate",
    via,
    async run({ client }) {
      const { estimate } = await client.uploads.estimate(recording(), { name: "priced.wav" });
      expect(estimate?.calls === 1, "it has no price");
    },
  },
  {
    operation: "GET /v1/jobs/{id}/receipt",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      const { attempts, total } = await callers.client.jobs.receipt(id);
      expect(attempts.length > 0 && total.neurons > 0, "the receipt is incomplete");
    },
  },
  {
    operation: "GET /v1/jobs/{id}/chunks",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      expect((await callers.client.jobs.chunks(id)).length === 0, "a recording of one call has chunks");
    },
  },
  {
    operation: "GET /v1/usage",
    via,
    async run(callers) {
      await heard(callers);
      const { rows } = await callers.client.usage({ by: ["model"] });
      expect(
        rows.some(({ calls }) => calls > 0),
        "nothing was used",
      );
    },
  },
  {
    operation: "GET /v1/jobs",
    via,
    async run({ client }) {
      const ids = new Set<string>();
      for await (const { id } of client.jobs.list({ limit: 2 })) ids.add(id);
      expect(ids.size > 2, "no second page");
    },
  },
  {
    operation: "GET /v1/jobs/{id}",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      const job = await callers.client.jobs.get(id);
      expect(job.progress.fraction === 1 && job.artifacts.length > 0, "the job is incomplete");
    },
  },
  {
    operation: "POST /v1/jobs/{id}/cancel",
    via,
    async run({ client }) {
      const { id } = await client.jobs.submit({ kind: "image_generation", prompt: "sleep:20000 cancel" });
      expect((await client.jobs.cancel(id)).state === "cancelled", "not cancelled");
    },
  },
  {
    operation: "DELETE /v1/jobs/{id}",
    via,
    async run(callers) {
      const { id } = await callers.client.uploads.put(recording(), { name: "deleted.wav", reuse: false });
      await ended(callers, id);
      const { source } = await callers.client.jobs.delete(id, { source: true });
      expect(source === "deleted", `the source is ${source}`);
      const isGone = await callers.client.jobs.get(id).then(
        () => false,
        () => true,
      );
      expect(isGone, "it is still there");
    },
  },
  {
    operation: "GET /v1/jobs/{id}/artifacts/{name}",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      const { stream } = await callers.client.jobs.download(id, "transcript.txt");
      expect((await new Response(stream).text()).trim() === WORDS, "the words are wrong");
    },
  },
  ...(["json", "txt", "vtt", "srt"] as const).map((format): Case => ({
    operation: "GET /v1/jobs/{id}/transcript",
    via,
    of: format,
    async run(callers) {
      const { id } = await heard(callers);
      const transcript = await callers.client.jobs.transcript(id, format);
      const text = typeof transcript === "string" ? transcript : transcript.text;
      expect(text.includes(WORDS), `it says ${text}`);
    },
  })),
  {
    operation: "GET /v1/jobs/{id}/transcript",
    via,
    of: "an excerpt",
    async run(callers) {
      const { id } = await heard(callers);
      const { segments } = await callers.client.jobs.transcript(id, "json", { fromMs: 3_600_000 });
      expect(segments.length === 0, "there are segments after its end");
    },
  },
  {
    operation: "POST /v1/jobs/{id}/ask",
    via,
    of: "streamed",
    async run(callers) {
      const { id } = await heard(callers);
      let pieces = 0;
      for await (const text of callers.client.ask(id, "What is said?")) pieces += text === "" ? 0 : 1;
      expect(pieces > 1, `the answer came in ${pieces} pieces`);
    },
  },
  {
    operation: "POST /v1/jobs/{id}/ask",
    via,
    of: "in one piece",
    async run(callers) {
      const { id } = await heard(callers);
      const { answer, covers } = await callers.client.askWhole(id, "What is said?");
      expect(answer !== "" && covers.isWhole, "no answer");
    },
  },
  {
    operation: "POST /v1/embeddings",
    via,
    async run({ client }) {
      const { embeddings, usage } = await client.embeddings(["a harbour", "a port"]);
      expect(embeddings.length === 2 && embeddings[0]?.length === embeddings[1]?.length, "not two vectors");
      expect(usage.inputTokens > 0, "no tokens");
    },
  },
  {
    operation: "POST /v1/generate",
    via,
    of: "streamed",
    async run({ client }) {
      let pieces = 0;
      let finishReason = "";
      const onDone = (done: { finishReason: string }) => void (finishReason = done.finishReason);
      for await (const text of client.generate("What is a harbour?", { onDone })) pieces += text === "" ? 0 : 1;
      expect(pieces > 1 && finishReason === "stop", `${pieces} pieces, and it ended with '${finishReason}'`);
    },
  },
  {
    operation: "POST /v1/generate",
    via,
    of: "in one piece",
    async run({ client }) {
      const { text, choice, cut } = await client.generateWhole("What is a harbour?", { tier: "balanced" });
      expect(text !== "" && choice.tier === "balanced" && cut === null, "no text");
    },
  },
  {
    operation: "POST /v1/generate/estimate",
    via,
    async run({ client }) {
      const { estimate } = await client.estimateText("What is a harbour?", { maxTokens: 100 });
      expect(estimate !== null && estimate.neurons > 0, "it costs nothing");
    },
  },
  {
    operation: "GET /v1/search",
    via,
    async run({ client }) {
      const { hits, model, degraded } = await client.search("a harbour", { limit: 3 });
      expect(hits.length <= 3 && model !== "" && degraded === null, `not searched: ${degraded}`);
    },
  },
  {
    operation: "GET /v1/jobs/{id}/events",
    via,
    async run({ client }) {
      const { id } = await client.uploads.put(recording(), { kind: "transcription", reuse: false });
      const types: string[] = [];
      for await (const { type } of client.jobs.events(id)) types.push(type);
      expect(types.includes("state") && types.at(-1) === "done", `events: ${types.join(", ")}`);
    },
  },
  {
    operation: "POST /v1/uploads",
    via,
    of: "through the API",
    async run(callers) {
      const { id } = await callers.client.uploads.put(recording(), { name: "direct.wav", reuse: false });
      await ended(callers, id);
    },
  },
  {
    operation: "POST /v1/uploads/announce",
    via,
    of: "into the bucket",
    async run(callers) {
      const { id } = await callers.client.uploads.put(recording(), { directMaxBytes: 0, reuse: false });
      await ended(callers, id);
    },
  },
  {
    operation: "GET /v1/uploads",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      expect(
        (await callers.client.uploads.list()).some(({ jobId }: { jobId: Job["id"] | null }) => jobId === id),
        id,
      );
    },
  },
  {
    operation: "POST /v1/uploads/{id}/complete",
    via,
    of: "in parts",
    async run(callers) {
      const options = { directMaxBytes: 0, partSizeBytes: FIVE_MIB, reuse: false };
      const { id } = await callers.client.uploads.put(longRecording(), options);
      await ended(callers, id);
    },
  },
  ...(["GET /v1/uploads/{id}", "POST /v1/uploads/{id}/parts", "PUT /v1/uploads/{id}/parts"] as const).map(
    (operation): Case => ({
      operation,
      via,
      async run({ client: { uploads } }) {
        const sizeBytes = 2 * FIVE_MIB;
        const method = "multipart";
        const { id } = await uploads.create({ name: "x.wav", sizeBytes, method, partSizeBytes: FIVE_MIB });
        const stored: StoredPart = { number: 1, etag: '"0123456789abcdef"' };
        await uploads.reportParts(id, [stored]);
        expect((await uploads.get(id)).storedParts?.length === 1, "the reported part is missing");
        const left = await uploads.signParts(id);
        expect(left.length === 1 && left[0]?.number === 2, "not the remaining part");
        await uploads.abort(id);
      },
    }),
  ),
  {
    operation: "POST /v1/uploads/announce",
    via,
    async run({ client: { uploads } }) {
      const { id, url } = await uploads.create({ name: "x.wav", sizeBytes: 10 });
      await uploads.abort(id);
      expect(url?.includes("X-Amz-Signature"), "the address is not signed");
    },
  },
  {
    operation: "DELETE /v1/uploads/{id}",
    via,
    async run({ client: { uploads } }) {
      const { id } = await uploads.create({ name: "x.wav", sizeBytes: 10 });
      await uploads.abort(id);
      const isGone = await uploads.get(id).then(
        () => false,
        () => true,
      );
      expect(isGone, "it is still there");
    },
  },
];
