// Replicate's API as its SDK speaks it. docs/dialects.md says what is supported and what is refused.
import { Hono } from "hono";

import type { App } from "../app.ts";
import { authenticate } from "../auth.ts";
import { acceptToken, speakReplicate } from "./errors.ts";
import { files } from "./files.ts";
import { models } from "./models.ts";
import { predictions } from "./predictions.ts";

export const replicate = new Hono<App>();

replicate.use(speakReplicate, acceptToken, authenticate);
replicate.route("/predictions", predictions);
replicate.route("/models", models);
replicate.route("/files", files);
