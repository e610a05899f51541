import * as z from "zod";

/** Each has some results, for each of which the bucket is asked. */
const MAX_LINES = 50;

/** The body of `POST /v1/archive`. Each line is checked on its own, so that one that does not fit does not refuse the others. */
export const ImportRequest = z.strictObject({
  jobs: z
    .array(z.unknown())
    .min(1)
    .max(MAX_LINES)
    .meta({ items: { $ref: "#/components/schemas/ExportedJob" } }),
});
