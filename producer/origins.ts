import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";

import type { App } from "./app.ts";

/** Let pages of the sites in `BROWSER_ORIGINS` announce uploads. Before authentication: a preflight has no key. */
export const allowOrigins = createMiddleware<App>((c, next) => {
  const origins = c.env.BROWSER_ORIGINS.split(",").map((origin) => origin.trim());
  return cors({
    origin: origins.filter((origin) => origin !== ""),
    allowHeaders: ["authorization", "content-type"],
    allowMethods: ["GET", "POST", "PUT", "DELETE"],
    maxAge: 3600,
  })(c, next);
});
