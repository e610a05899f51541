import { Hono } from "hono";

import { AudioQuery } from "../audio/requests.ts";
import { AUDIO, sendAudio } from "../audio/routes.ts";
import type { App } from "../http/app.ts";
import { describe, type Description, query } from "../http/describe.ts";
import { ARTIFACT, readArtifact } from "../jobs/artifact-routes.ts";
import { EVENTS, sendEvents } from "../jobs/event-routes.ts";
import { readSource, SOURCE } from "../jobs/source-routes.ts";
import { readRendered, TRANSCRIPT } from "../transcripts/routes.ts";
import { TranscriptQuery } from "../transcripts/requests.ts";
import { acceptLink } from "./accept-link.ts";

/** The routes to a job's results, source and events that require a signed link instead of an API key. */
export const signed = new Hono<App>();

signed.use("/jobs/:id/*", acceptLink);

const IN_LINK = { in: "query", required: true, schema: { type: "string" } } as const;

/** The description of a route with a key, plus the parameters of a signed link. */
function asLink(described: Omit<Description, "operationId">, operationId: string) {
  return describe({
    ...described,
    operationId,
    summary: `${described.summary}, with a signed link`,
    parameters: [
      ...(described.parameters ?? []),
      { ...IN_LINK, name: "expires" },
      { ...IN_LINK, name: "by", required: false },
      { ...IN_LINK, name: "signature" },
    ],
    problems: [...(described.problems ?? []), "unauthorized", "rate_limited"],
  });
}

signed.get("/jobs/:id/artifacts/:name", asLink(ARTIFACT, "readSignedArtifact"), readArtifact);
signed.get("/jobs/:id/source", asLink(SOURCE, "readSignedSource"), readSource);
signed.get("/jobs/:id/audio", asLink(AUDIO, "readSignedAudio"), query(AudioQuery), sendAudio);
signed.get("/jobs/:id/transcript", asLink(TRANSCRIPT, "readSignedTranscript"), query(TranscriptQuery), readRendered);
signed.get("/jobs/:id/events", asLink(EVENTS, "followSignedJob"), sendEvents);
