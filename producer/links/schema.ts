import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { MAX_SIGNED_URL_SECONDS, SIGNED_URL_SECONDS } from "../../shared/limits.ts";
import { Time } from "../http/time.ts";

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

/** An address that does not require an API key. */
export const SignedLink = z
  .object({
    to: z.enum(LINK_TARGETS),
    name: z.string().optional().describe("the name of the artifact"),
    url: z.string(),
    expiresAt: Time.describe(
      "when the link expires; it ends earlier if its key is revoked, or if the person who signed it may no longer sign in",
    ),
  })
  .meta({ id: "SignedLink" });
export type SignedLink = z.infer<typeof SignedLink>;

export const SignedLinks = z.object({ links: z.array(SignedLink) }).meta({ id: "SignedLinks" });
export type SignedLinks = z.infer<typeof SignedLinks>;

// What the document's examples show. A test checks each of them against the schemas.

export const LINKS_REQUEST = { links: [{ to: "audio" }], expiresInSeconds: 3600 };

export const LINKS = {
  links: [
    {
      to: "audio",
      url: "https://darkroom.example.com/signed/jobs/job_fe4c565702410e95592464439bf2c09c/audio?expires=1796032888&by=k5849e0b6923ef46f&signature=8dac72eb6ece8214a182ee3d7b1bef663a7b5601ac915f7875473a50eff5c866",
      expiresAt: "2026-11-30T10:01:28.000Z",
    },
  ],
};
