import { Hono } from "hono";
import * as z from "zod";

import { probeDatabase } from "../shared/db/database.ts";
import { createJournal } from "../shared/jobs/journal.ts";
import type { App } from "./http/app.ts";
import { authenticate } from "./http/auth.ts";
import { allowOrigins, protect } from "./http/browser-headers.ts";
import { limitRate } from "./http/limit-rate.ts";
import { checkAddress } from "./http/check-address.ts";
import { speakOpenAi } from "./openai/errors.ts";
import { openAi } from "./openai/index.ts";
import { describe } from "./http/describe.ts";
import { documents } from "./docs/document-routes.ts";
import { problem } from "./http/problem.ts";
import { servePage } from "./page/serve-page.ts";
import { speakReplicate } from "./replicate/errors.ts";
import { replicate } from "./replicate/index.ts";
import { artifacts } from "./jobs/artifact-routes.ts";
import { archive } from "./archive/routes.ts";
import { ask } from "./ask/routes.ts";
import { audio } from "./audio/routes.ts";
import { audit } from "./audit/routes.ts";
import { budgets } from "./budgets/routes.ts";
import { checks } from "./checks/routes.ts";
import { deadLetters } from "./dead-letters/routes.ts";
import { deliveries } from "./webhooks/delivery-routes.ts";
import { chunks } from "./jobs/chunk-routes.ts";
import { embeddings } from "./embeddings/routes.ts";
import { events } from "./jobs/event-routes.ts";
import { docs } from "./docs/routes.ts";
import { generate } from "./generate/routes.ts";
import { jobBatches } from "./jobs/batch-routes.ts";
import { jobEstimates } from "./jobs/estimate-routes.ts";
import { jobs } from "./jobs/routes.ts";
import { keys } from "./keys/routes.ts";
import { links } from "./links/routes.ts";
import { presignedUploads } from "./uploads/presigned-routes.ts";
import { queues } from "./queues/routes.ts";
import { receipts } from "./jobs/receipt-routes.ts";
import { redrives } from "./redrives/routes.ts";
import { retention } from "./retention/routes.ts";
import { search } from "./search/routes.ts";
import { setup } from "./setup/routes.ts";
import { signed } from "./links/signed-routes.ts";
import { sources } from "./jobs/source-routes.ts";
import { transcriptEdits } from "./transcripts/edit-routes.ts";
import { transcripts } from "./transcripts/routes.ts";
import { uploads } from "./uploads/routes.ts";
import { uploadEstimates } from "./uploads/estimate-routes.ts";
import { usage } from "./usage/routes.ts";
import { webhooks } from "./webhooks/routes.ts";
import { nameRequest } from "./http/request-id.ts";
import { readOut } from "./http/read-out.ts";
import { refuseLocalSecrets } from "./http/refuse-local-secrets.ts";
import { authorize } from "./http/scopes.ts";
import { uppyUploads } from "./uploads/uppy-routes.ts";

/** Exported for the tests that visit each route. */
export const app = new Hono<App>();

app.use(nameRequest, ...protect, refuseLocalSecrets, allowOrigins);
// First, so that a dialect translates the problems of everything below.
app.use("/openai/v1/*", speakOpenAi);
app.use("/replicate/v1/*", speakReplicate);
app.use(checkAddress);
app.use(servePage);

app.get(
  "/healthz",
  describe({
    operationId: "readHealth",
    summary: "Check that the service is up",
    description: "Asks the database. It needs no key, and monitors may call it as often as they like.",
    tags: ["service"],
    answers: {
      200: {
        description: "the service is up",
        schema: z.object({ status: z.literal("ok") }),
        example: { status: "ok" },
      },
    },
    problems: ["unavailable"],
  }),
  async (c) => {
    try {
      await probeDatabase(c.env.DB);
      return c.json({ status: "ok" });
    } catch (error) {
      createJournal(c.env).fault({ event: "health.failed" }, error);
      return problem(c, {
        code: "unavailable",
        detail: "The database does not answer, or its migrations have not been applied.",
      });
    }
  },
);

app.route(
  "/",
  documents(() => app),
);
app.route("/", docs);
app.route("/setup", setup);

app.use("/v1/*", authenticate, readOut, limitRate, authorize);
app.route("/v1/uploads", uploads);
app.route("/v1/uploads", uploadEstimates);
app.route("/v1/uploads", presignedUploads);
app.route("/v1/uploads", uppyUploads);
app.route("/v1/jobs", jobs);
app.route("/v1/jobs/batch", jobBatches);
app.route("/v1/jobs", jobEstimates);
app.route("/v1/jobs", artifacts);
app.route("/v1/jobs", sources);
app.route("/v1/jobs", audio);
app.route("/v1/jobs", links);
app.route("/v1/jobs", transcripts);
app.route("/v1/jobs", transcriptEdits);
app.route("/v1/jobs", receipts);
app.route("/v1/jobs", events);
app.route("/v1/jobs", chunks);
app.route("/v1/search", search);
app.route("/v1/embeddings", embeddings);
app.route("/v1/jobs", ask);
app.route("/v1/generate", generate);
app.route("/v1/dead-letters", deadLetters);
app.route("/v1/queues", queues);
app.route("/v1/checks", checks);
app.route("/v1/budgets", budgets);
app.route("/v1/retention", retention);
app.route("/v1/redrives", redrives);
app.route("/v1/audit", audit);
app.route("/v1/archive", archive);
app.route("/v1/usage", usage);
app.route("/signed", signed);
app.route("/openai/v1", openAi);
app.route("/replicate/v1", replicate);
app.route("/v1/webhooks", webhooks);
app.route("/v1/webhooks", deliveries);
app.route("/v1/keys", keys);

app.notFound((c) =>
  problem(c, {
    code: "not_found",
    detail: `${c.req.method} ${c.req.path} is not part of this API. See /docs for what is.`,
  }),
);
app.onError((error, c) => {
  // The key ended during the request. `authenticate` replaces this answer.
  if (c.get("hasKeyEnded") === true) return problem(c, { code: "unauthorized", detail: error.message });
  createJournal(c.env).fault({ event: "request.failed" }, error, { method: c.req.method, path: c.req.path });
  return problem(c, {
    code: "internal_error",
    detail: "The error has been logged. Send the request again; that may help.",
  });
});

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
