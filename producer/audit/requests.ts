import * as z from "zod";

import { ACTS } from "../../shared/keys/acts.ts";
import { boundedText } from "../../shared/input/bounded-text.ts";
import { PageQuery } from "../http/page-query.ts";

/** The query of `GET /v1/audit`. */
export const AuditQuery = PageQuery.extend({
  subject: boundedText({ max: 300, min: 1 }).optional(),
  act: z.enum(ACTS).optional(),
});
