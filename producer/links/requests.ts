import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { MAX_SIGNED_URL_SECONDS, SIGNED_URL_SECONDS } from "../../shared/limits.ts";

/** The parts of a job that a link may lead to. */
export const LINK_TARGETS = ["audio", "source", "events", "transcript", "artifact"] as const;

const MAX_LINKS = 20;
const MAX_PARAMETERS = 20;

const Parameter = z.union([boundedText({ max: 200 }), z.number()]);

const WantedLink = z
  .strictObject({
    to: z.enum(LINK_TARGETS),
    name: boundedText({ max: 200, min: 1 }).optional().describe("the name of the artifact"),
    query: z
      .record(boundedText({ max: 50, min: 1 }), Parameter)
      .refine((query) => Object.keys(query).length <= MAX_PARAMETERS, `give at most ${MAX_PARAMETERS} parameters`)
      .default({})
      .describe("query parameters for the link; they are not signed, so the holder of the link may change them"),
  })
  .refine(({ to, name }) => (to === "artifact") === (name !== undefined), {
    path: ["name"],
    message: "is required for 'to: artifact', and not allowed otherwise",
  });
export type WantedLink = z.infer<typeof WantedLink>;

/** The body of `POST /v1/jobs/{id}/links`. */
export const LinksRequest = z
  .strictObject({
    links: z.array(WantedLink).min(1).max(MAX_LINKS),
    expiresInSeconds: z.int().min(1).max(MAX_SIGNED_URL_SECONDS).default(SIGNED_URL_SECONDS),
  })
  .meta({ id: "LinksRequest" });
