// OpenAI's API for its SDK. docs/dialects.md lists what is supported and what is refused.
import { Hono } from "hono";

import type { App } from "../http/app.ts";
import { authenticate } from "../http/auth.ts";
import { limitRate } from "../http/limit-rate.ts";
import { readOut } from "../http/read-out.ts";
import { authorize } from "../http/scopes.ts";
import { audio } from "./audio.ts";
import { chat } from "./chat.ts";
import { embeddings } from "./embeddings.ts";
import { images } from "./images.ts";
import { models } from "./models.ts";
import { readModelNames } from "./resolve-model.ts";
import { responses } from "./responses.ts";

export const openAi = new Hono<App>();

openAi.use(authenticate, readOut, limitRate, authorize, readModelNames);
openAi.route("/audio", audio);
openAi.route("/chat", chat);
openAi.route("/images", images);
openAi.route("/embeddings", embeddings);
openAi.route("/models", models);
openAi.route("/responses", responses);
