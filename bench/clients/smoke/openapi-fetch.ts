// openapi-typescript's types with openapi-fetch.
import createClient from "openapi-fetch";

import type { paths } from "./generated/openapi-fetch.ts";
import { KEY, ORIGIN, smoke } from "./steps.ts";

const client = createClient<paths>({ baseUrl: ORIGIN, headers: { authorization: `Bearer ${KEY}` } });

/** Return what was answered, or throw the code of the problem. */
async function answer<T>(call: Promise<{ data?: T; error?: { code: string } }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) throw new Error(error?.code ?? "no answer");
  return data;
}

await smoke({
  submit: (text) => answer(client.POST("/v1/jobs", { body: { kind: "classification", text } })),
  upload: (file, name) =>
    answer(
      client.POST("/v1/uploads", {
        params: { query: { name, reuse: "false" } },
        body: file,
        bodySerializer: (body) => body,
        headers: { "content-type": "application/octet-stream" },
      }),
    ),
  read: (id) => answer(client.GET("/v1/jobs/{id}", { params: { path: { id } } })),
  transcript: (id) => answer(client.GET("/v1/jobs/{id}/transcript", { params: { path: { id } } })),
  list: async () => (await answer(client.GET("/v1/jobs"))).jobs,
  estimate: (prompt) => answer(client.POST("/v1/jobs/estimate", { body: { kind: "image_generation", prompt } })),
  refused: async (source) => {
    const { error } = await client.POST("/v1/jobs", { body: { kind: "transcription", source } });
    return error?.code ?? "nothing";
  },
});
