// The SDK of hey-api.
import { client } from "./generated/hey-api/client.gen.ts";
import { estimateJob, listJobs, readJob, readTranscript, submitJob, upload } from "./generated/hey-api/sdk.gen.ts";
import { KEY, ORIGIN, smoke } from "./steps.ts";

client.setConfig({ baseUrl: ORIGIN, auth: KEY });

/** Return what was answered, or throw the code of the problem. */
async function answer<T>(call: Promise<{ data: T | undefined; error?: unknown }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

await smoke({
  submit: (text) => answer(submitJob({ body: { kind: "classification", text } })),
  upload: (file, name) => answer(upload({ body: file, query: { name, reuse: "false" } })),
  read: (id) => answer(readJob({ path: { id } })),
  transcript: (id) => answer(readTranscript({ path: { id } })),
  list: async () => (await answer(listJobs())).jobs,
  estimate: (prompt) => answer(estimateJob({ body: { kind: "image_generation", prompt } })),
  refused: async (source) => {
    const { error } = await submitJob({ body: { kind: "transcription", source } });
    return error?.code ?? "nothing";
  },
});
