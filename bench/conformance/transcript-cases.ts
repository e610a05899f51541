// What a page needs for a job: links, parts of the recording, and a transcript that people edit.
import type { EditOperation, Transcript } from "../../client/index.ts";
import { type Callers, type Case, expect } from "./case.ts";
import { heard, WORDS } from "./sources.ts";

const via = "client";

export const transcriptCases: readonly Case[] = [
  {
    operation: "GET /v1/jobs/{id}/source",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      const { stream, contentType, sizeBytes } = await callers.client.jobs.source(id, { range: "bytes=0-3" });
      expect((await new Response(stream).text()) === "RIFF", "not the recording");
      expect(contentType === "audio/wav" && sizeBytes === 4, `${contentType} ${sizeBytes}`);
    },
  },
  {
    operation: "GET /v1/jobs/{id}/audio",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      const stretch = await callers.client.jobs.audio(id, { fromMs: 500, toMs: 1000 });
      expect(stretch?.fromMs === 500 && stretch.toMs === 1000, JSON.stringify(stretch));
      expect(new TextDecoder("latin1").decode(stretch.bytes).includes("<two>"), "not the second word");
    },
  },
  {
    operation: "POST /v1/jobs/{id}/links",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      const [link] = await callers.client.jobs.links(id, [{ to: "source" }], { expiresInSeconds: 60 });
      expect(Date.parse(link?.expiresAt ?? "") > Date.now(), "no end in the future");
    },
  },
  ...(["source", "audio", "transcript", "events"] as const).map((to): Case => ({
    operation: `GET /signed/jobs/{id}/${to}`,
    via: "http",
    async run(callers) {
      const { id } = await heard(callers);
      const [link] = await callers.client.jobs.links(id, [{ to }]);
      expect(link, "no link");
      const response = await callers.http(link.url);
      expect(response.ok && (await response.text()).length > 0, `${response.status}`);
    },
  })),
  {
    operation: "PATCH /v1/jobs/{id}/transcript",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      await edited(callers, id);
      const text = await callers.client.jobs.transcript(id, "txt");
      expect(text === `${WORDS.replace("two", "deux")}\n`, JSON.stringify(text));
    },
  },
  {
    operation: "GET /v1/jobs/{id}/transcript/history",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      await edited(callers, id);
      const versions = (await callers.client.jobs.history(id)).map(({ version }) => version);
      expect(versions.join() === "1,0", versions.join());
    },
  },
  {
    operation: "POST /v1/jobs/{id}/transcript/revert",
    via,
    async run(callers) {
      const { id } = await heard(callers);
      const { transcript } = await callers.client.jobs.revert(id, await edited(callers, id), 0);
      expect(transcript.text === WORDS, transcript.text);
    },
  },
  {
    operation: "GET /v1/keys/self",
    via,
    run: async ({ client }) => expect((await client.keys.self()).scopes.length > 0, "no scopes"),
  },
  {
    operation: "GET /v1/queues/throughput",
    via,
    async run({ client }) {
      const { stepSeconds, from, to } = await client.queues.throughput({ hours: 1 });
      const spanSeconds = (Date.parse(to) - Date.parse(from)) / 1_000;
      expect(stepSeconds > 0 && spanSeconds >= 3_600, `${stepSeconds} ${spanSeconds}`);
    },
  },
  {
    operation: "GET /v1/checks",
    via,
    run: async ({ client }) => expect((await client.checks.list()).length > 0, "no checks"),
  },
];

/** Replace the second word. Returns the tag of the version that has the change. */
async function edited({ client }: Callers, id: string): Promise<string> {
  const { transcript, etag } = await client.jobs.version(id);
  expect(etag, "no tag");
  const made = await client.jobs.edit(id, etag, [secondWord(transcript)]);
  expect(made.etag, "the new version has no tag");
  return made.etag;
}

function secondWord({ segments }: Transcript): EditOperation {
  const segment = segments.findIndex(({ words }) => words.some(({ text }) => text === "two"));
  const word = segments[segment]?.words.findIndex(({ text }) => text === "two") ?? -1;
  return { op: "replace", segment, word, words: [{ text: "deux" }] };
}
