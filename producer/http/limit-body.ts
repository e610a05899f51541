import { bodyLimit } from "hono/body-limit";

import { MAX_JSON_BYTES } from "../../shared/limits.ts";
import { problem } from "./problem.ts";

/** The size limit of routes that read a JSON body. */
export const limitBody = bodyLimit({
  maxSize: MAX_JSON_BYTES,
  onError: (c) =>
    problem(c, { code: "body_too_large", detail: `A JSON body may have at most ${MAX_JSON_BYTES} bytes.` }),
});
