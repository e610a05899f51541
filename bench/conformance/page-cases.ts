// Operations for browsers and for S3 clients, over plain HTTP.
import { SETUP_TOKEN } from "./runtime.ts";
import { type Callers, type Case, expect } from "./case.ts";

const via = "http";

export const pageCases: readonly Case[] = [
  ...["/docs", "/docs.js", "/docs.css", "/openapi/openai.json", "/openapi/replicate.json", "/setup"].map(
    (path): Case => ({
      operation: `GET ${path}`,
      via,
      async run({ http }) {
        const response = await http(path);
        expect(response.ok && (await response.text()).length > 0, `${response.status}`);
      },
    }),
  ),
  {
    operation: "POST /setup",
    via,
    // The runtime already has an admin key, so even the right token gets none.
    async run({ http }) {
      const { status } = await http("/setup", { method: "POST", body: new URLSearchParams({ token: SETUP_TOKEN }) });
      expect(status === 409, `${status}`);
    },
  },
  s3Case("POST", "InitiateMultipartUploadResult"),
  s3Case("GET", "ListPartsResult"),
  s3Case("DELETE", ""),
];

/** A call as Uppy makes it. */
function s3Case(method: string, answer: string): Case {
  return {
    operation: `${method} /v1/uploads/{id}/s3`,
    via,
    async run({ client, http }: Callers) {
      const part = 5 * 1024 * 1024;
      const request = { name: "x.wav", sizeBytes: 2 * part, method: "multipart", partSizeBytes: part } as const;
      const { id } = await client.uploads.create(request);
      const response = await http(`/v1/uploads/${id}/s3`, { method });
      expect(response.ok && (await response.text()).includes(answer), `${response.status}`);
    },
  };
}
