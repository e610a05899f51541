import { Hono } from "hono";

import { isSigned } from "../../shared/signed-url.ts";
import type { App } from "../app.ts";
import { problem } from "../problem.ts";
import { artifacts } from "./artifacts.ts";

/** Artifacts for who holds a link signed by us, instead of an API key. */
export const signed = new Hono<App>();

signed.use("/jobs/:id/*", async (c, next) => {
  const key = c.env.URL_SIGNING_KEY;
  const isGood = key !== undefined && (await isSigned(new URL(c.req.url), { key, now: Date.now() }));
  const owner = isGood
    ? await c.env.DB.prepare(`SELECT owner_id AS ownerId FROM jobs WHERE id = ?1`)
        .bind(c.req.param("id"))
        .first<string>("ownerId")
    : null;
  if (owner === null) {
    return problem(c, { code: "unauthorized", detail: "The link's signature is not ours, or its hour has passed." });
  }
  c.set("ownerId", owner);
  return next();
});
signed.route("/jobs", artifacts);
