import type { Context } from "hono";
import type * as z from "zod";

import { READ_BYTES } from "../../shared/audio/limits.ts";
import { intakeOf } from "../../shared/intake.ts";
import { SNIFF_BYTES } from "../../shared/limits.ts";
import { routeUpload } from "../../shared/route-upload.ts";
import { uploadKey } from "../../shared/storage.ts";
import type { App } from "../app.ts";
import { priceUpload } from "../dry-run.ts";
import { estimateView } from "../estimate-view.ts";
import { readFree } from "../free-neurons.ts";
import { type Problem, problem } from "../problem.ts";
import { peek } from "../receive-upload.ts";
import { refusedRoute } from "../refused-route.ts";
import type { UploadQuery } from "../requests.ts";
import { refuseSize } from "../upload-limits.ts";
import type { JobDryRun } from "../views/cost.ts";

/** Price a file by its beginning, and store nothing of it. */
export async function dryRunUpload(
  c: Context<App>,
  {
    name,
    kind,
    options,
    then,
    sizeBytes: told,
  }: Pick<z.output<typeof UploadQuery>, "name" | "kind" | "options" | "then" | "sizeBytes">,
  body: ReadableStream<Uint8Array>,
): Promise<Response> {
  const { head, whole } = await peek(body, READ_BYTES);
  await whole.cancel();
  const length = c.req.header("content-length");
  const sizeBytes = told ?? (length === undefined ? head.length : Number(length));
  if (sizeBytes < head.length) return problem(c, wrongSize(sizeBytes, head.length));
  const refusal = refuseSize(c.get("uploadLimits"), sizeBytes);
  if (refusal !== null) return problem(c, refusal);
  const source = { key: uploadKey("dry-run", name), etag: "", sizeBytes };
  const metadata = {
    ...(kind && { kind }),
    ...(options && { options }),
    ...(then && { then: JSON.stringify(then) }),
  };
  const route = await routeUpload({ source, head: head.subarray(0, SNIFF_BYTES), metadata });
  if (route.type === "ignored") return problem(c, refusedRoute(route));
  const priced = await priceUpload(route.work, head, sizeBytes);
  if (!priced.ok) return problem(c, priced.problem);
  const { db, operatorId } = intakeOf(c.env);
  const free = await readFree(db, { ownerId: c.get("ownerId"), operatorId, now: Date.now() });
  return c.json({ estimate: priced.estimate && estimateView(priced.estimate), free } satisfies JobDryRun);
}

function wrongSize(sizeBytes: number, sentBytes: number): Problem {
  const message = `the file has ${sizeBytes} bytes, it says, and ${sentBytes} were sent`;
  return {
    code: "invalid_request",
    detail: `sizeBytes: ${message}`,
    issues: [{ path: "sizeBytes", message }],
  };
}
