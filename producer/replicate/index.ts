// Replicate's API for its SDK. docs/dialects.md lists what is supported and what is refused.
import { Hono } from "hono";

import { secretOfKey } from "../../shared/db/webhooks/webhooks.ts";
import type { App } from "../http/app.ts";
import { authenticate } from "../http/auth.ts";
import { expectForm, expectJson } from "../http/expect-body.ts";
import { limitRate } from "../http/limit-rate.ts";
import { problem } from "../http/problem.ts";
import { readOut } from "../http/read-out.ts";
import { authorize } from "../http/scopes.ts";
import { acceptLink } from "../links/accept-link.ts";
import { acceptToken } from "./errors.ts";
import { files } from "./files.ts";
import { models } from "./models.ts";
import { predictions } from "./predictions.ts";
import { streamPrediction } from "./stream-prediction.ts";
import { describe } from "../http/describe.ts";
import { DESCRIPTIONS } from "./descriptions.ts";

/** An input that is shown to a client whose body has another form. */
const AUDIO = { input: { audio: "https://example.com/recording.mp3" } };

export const replicate = new Hono<App>();

// Before the key is checked: the SDK reads a stream without it.
replicate.get("/predictions/:id/stream", describe(DESCRIPTIONS.streamPrediction), acceptLink, streamPrediction);

replicate.use(acceptToken, authenticate, readOut, limitRate, authorize);
replicate.use(
  "/predictions",
  expectJson(() => ({ version: "openai/whisper", ...AUDIO })),
);
replicate.use(
  "/models/*",
  expectJson((path) => (path.includes("whisper") ? AUDIO : { input: { prompt: "a harbour" } })),
);
replicate.use("/files", expectForm("-F content=@recording.mp3"));
replicate.route("/predictions", predictions);
replicate.route("/models", models);
replicate.route("/files", files);
/** The account is the owner of the key. */
replicate.get("/account", describe(DESCRIPTIONS.getAccount), (c) =>
  c.json({ type: "organization", username: c.get("ownerId"), name: c.get("ownerId"), github_url: null }),
);
replicate.get("/webhooks/default/secret", describe(DESCRIPTIONS.getDefaultWebhookSecret), async (c) =>
  c.json({ key: await secretOfKey(c.env.DB, { id: c.get("keyId"), ownerId: c.get("ownerId") }) }, 200, {
    "cache-control": "no-store",
  }),
);

for (const absent of ["collections", "deployments", "hardware", "trainings"]) {
  replicate.all(`/${absent}/*`, (c) => {
    const detail = `Darkroom has no ${absent}: it runs its own models, which GET /replicate/v1/models lists.`;
    return problem(c, { code: "not_found", detail });
  });
}
