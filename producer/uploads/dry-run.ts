import type { Context } from "hono";

import { READ_BYTES } from "../../shared/audio/chunks/limits.ts";
import { decideModel } from "../../shared/models/decide-model.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { SNIFF_BYTES } from "../../shared/limits.ts";
import { routeUpload, type UploadHead } from "../../shared/uploads/route-upload.ts";
import type { App } from "../http/app.ts";
import { impossibleBudget } from "../jobs/asked.ts";
import { priceUpload } from "../jobs/dry-run.ts";
import { estimateView } from "../jobs/estimate-view.ts";
import { readFree } from "../usage/free-neurons.ts";
import { type Problem, problem } from "../http/problem.ts";
import { peek } from "./receive-upload.ts";
import { refusedRoute } from "./refused-route.ts";
import { refuseSize } from "./limits.ts";
import type { JobDryRun } from "../usage/schema.ts";

/** Price a file by its beginning, and store nothing of it. `sizeBytes` is the whole file's. */
export async function dryRunUpload(
  c: Context<App>,
  { key, sizeBytes, metadata }: { key: string; sizeBytes: number; metadata: UploadHead["metadata"] },
  body: ReadableStream<Uint8Array>,
): Promise<Response> {
  const { head, whole } = await peek(body, READ_BYTES);
  // Read and dropped: a connection that is closed while its client still sends takes the answer with it.
  await whole.pipeTo(new WritableStream());
  if (sizeBytes < head.length) return problem(c, wrongSize(sizeBytes, head.length));
  const refusal = refuseSize(c.get("uploadLimits"), sizeBytes);
  if (refusal !== null) return problem(c, refusal);
  const source = { key, etag: "", sizeBytes };
  const route = await routeUpload({ source, head: head.subarray(0, SNIFF_BYTES), metadata });
  if (route.type === "ignored") return problem(c, refusedRoute(route));
  const { db, operatorId } = intakeOf(c.env);
  const chosen = await decideModel(db, route);
  if (!chosen.ok) return problem(c, impossibleBudget(chosen.reason));
  const priced = await priceUpload(chosen.work, head, sizeBytes);
  if (!priced.ok) return problem(c, priced.problem);
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
