// Replaces `zod/v4/core`, which hono-openapi loads whole for this one function: with every locale, 56 kB more.
export { toJSONSchema } from "zod";
