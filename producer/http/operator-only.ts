import { createMiddleware } from "hono/factory";

import type { App } from "./app.ts";
import { problem } from "./problem.ts";

/** Allow only the operator. Other owners get `forbidden` with this `detail`. */
export const operatorOnly = (detail: string) =>
  createMiddleware<App>(async (c, next) => {
    if (c.get("ownerId") === c.env.OPERATOR_ID) return next();
    return problem(c, { code: "forbidden", detail });
  });
