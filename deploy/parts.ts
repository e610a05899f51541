// What wrangler does not make from wrangler.jsonc.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { SIGNED_HEADERS } from "../shared/uploads/signed-headers.ts";
import type { Part } from "./part.ts";
import type { Target } from "./target.ts";
import { ROOT } from "./wrangler.ts";

/** As many dimensions as bge-m3's vectors have. */
const DIMENSIONS = 1024;

/** A search asks for passages by these. Only vectors written after a property's index are found by it: they are made at once. */
const INDEXED_PROPERTIES = ["space", "jobId", "kind"];

/** R2's own rule for a new bucket (developers.cloudflare.com/r2/buckets/object-lifecycles/); see shared/limits.ts. */
const ABORT_AFTER_DAYS = 7;

/** The vectors of passages, before the Worker that is bound to them. */
export function indexParts({ passageIndex }: Target): readonly Part[] {
  if (passageIndex === null) return [];
  const meanwhile = "Search by meaning does not work.";
  return [
    {
      name: `the Vectorize index '${passageIndex}'`,
      isThere: async (wrangler) => (await wrangler.look("vectorize", "get", passageIndex, "--json")).ok,
      command: ["vectorize", "create", passageIndex, `--dimensions=${DIMENSIONS}`, "--metric=cosine"],
      meanwhile,
    },
    ...INDEXED_PROPERTIES.map((property) => ({
      name: `the metadata index '${property}' of '${passageIndex}'`,
      isThere: async (wrangler: Parameters<Part["isThere"]>[0]) => {
        const { stdout } = await wrangler.look("vectorize", "list-metadata-index", passageIndex, "--json");
        return stdout.includes(`"${property}"`);
      },
      command: ["vectorize", "create-metadata-index", passageIndex, `--propertyName=${property}`, "--type=string"],
      meanwhile,
    })),
  ];
}

/** What the bucket is told, once it and the queue are there. */
export async function bucketParts(target: Target, origins: readonly string[]): Promise<readonly Part[]> {
  const { bucket, uploadQueue, jurisdiction } = target;
  const where = jurisdiction === null ? [] : [`--jurisdiction=${jurisdiction}`];
  const parts: Part[] = [
    {
      name: `the notification rule of '${bucket}'`,
      isThere: async (wrangler) => {
        const { stdout } = await wrangler.look("r2", "bucket", "notification", "list", bucket, ...where);
        return stdout
          .split(/^rule_id:/m)
          .some((rule) => hasRow(rule, "queue_name", uploadQueue) && hasRow(rule, "prefix", "inbox/"));
      },
      command: [
        "r2",
        "bucket",
        "notification",
        "create",
        bucket,
        "--event-type=object-create",
        `--queue=${uploadQueue}`,
        "--prefix=inbox/",
        ...where,
      ],
      meanwhile: "Meanwhile the sweep of maintenance finds uploads, some minutes later.",
    },
    {
      name: `the lifecycle rule of '${bucket}'`,
      isThere: async (wrangler) => {
        const { stdout } = await wrangler.look("r2", "bucket", "lifecycle", "list", bucket, ...where);
        return /Abort incomplete multipart uploads/.test(stdout);
      },
      command: [
        "r2",
        "bucket",
        "lifecycle",
        "add",
        bucket,
        "abort-unfinished-uploads",
        "--force",
        `--abort-multipart-days=${ABORT_AFTER_DAYS}`,
        ...where,
      ],
      meanwhile: "Meanwhile parts of uploads that nobody completes or aborts stay, and are paid for.",
    },
  ];
  return origins.length === 0 ? parts : [...parts, await corsPart(bucket, origins, where)];
}

async function corsPart(bucket: string, origins: readonly string[], where: readonly string[]): Promise<Part> {
  // Every header that a presigned PUT signs; ETag is what completing a multipart upload asks for.
  const allowed = { origins, methods: ["PUT"], headers: SIGNED_HEADERS };
  const rules = [{ allowed, exposeHeaders: ["ETag"], maxAgeSeconds: 3600 }];
  console.log(`# .wrangler/r2-cors.json: ${JSON.stringify({ rules })}`);
  await mkdir(join(ROOT, ".wrangler"), { recursive: true });
  await writeFile(join(ROOT, ".wrangler/r2-cors.json"), `${JSON.stringify({ rules })}\n`);
  return {
    name: `the CORS rule of '${bucket}' for ${origins.join(", ")}`,
    isThere: async (wrangler) => {
      const { stdout } = await wrangler.look("r2", "bucket", "cors", "list", bucket, ...where);
      return (
        stdout.match(/^allowed_origins:/gm)?.length === 1 &&
        hasRow(stdout, "allowed_origins", origins.join(", ")) &&
        hasRow(stdout, "allowed_methods", "PUT") &&
        hasRow(stdout, "allowed_headers", SIGNED_HEADERS.join(", ")) &&
        hasRow(stdout, "exposed_headers", "ETag")
      );
    },
    command: ["r2", "bucket", "cors", "set", bucket, "--force", "--file=.wrangler/r2-cors.json", ...where],
    meanwhile: "Meanwhile pages of these sites cannot upload to the bucket.",
  };
}

/** Whether a list of wrangler's has this row: `prefix:      inbox/`. */
function hasRow(text: string, name: string, value: string): boolean {
  return text.split("\n").some((line) => line.startsWith(`${name}:`) && line.slice(name.length + 1).trim() === value);
}
