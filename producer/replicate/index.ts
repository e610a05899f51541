// Replicate's API for its SDK. docs/dialects.md lists what is supported and what is refused.
import { Hono } from "hono";

import { secretOfKey } from "../../shared/db/webhooks/webhooks.ts";
import type { App } from "../http/app.ts";
import { authenticate } from "../http/auth.ts";
import { limitRate } from "../http/limit-rate.ts";
import { readOut } from "../http/read-out.ts";
import { authorize } from "../http/scopes.ts";
import { acceptToken } from "./errors.ts";
import { files } from "./files.ts";
import { models } from "./models.ts";
import { predictions } from "./predictions.ts";

export const replicate = new Hono<App>();

replicate.use(acceptToken, authenticate, readOut, limitRate, authorize);
replicate.route("/predictions", predictions);
replicate.route("/models", models);
replicate.route("/files", files);
replicate.get("/webhooks/default/secret", async (c) =>
  c.json({ key: await secretOfKey(c.env.DB, { id: c.get("keyId"), ownerId: c.get("ownerId") }) }, 200, {
    "cache-control": "no-store",
  }),
);
