import { type Context, Hono } from "hono";

import { readWhole } from "../../shared/archive/whole.ts";
import { listVersions, readTranscriptState } from "../../shared/db/transcripts/versions.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import { passageIndexOf } from "../../shared/search/index-of.ts";
import { Transcript } from "../../shared/transcripts/transcript.ts";
import type { App } from "../http/app.ts";
import { authorOf } from "../http/auth.ts";
import { body, BODY_PROBLEMS, describe, type Description } from "../http/describe.ts";
import { strongTags } from "../http/etag.ts";
import { limitBody } from "../http/limit-body.ts";
import { problem } from "../http/problem.ts";
import { iso } from "../http/time.ts";
import { type Change, editTranscript } from "./edit-transcript.ts";
import { originalEtag } from "./read-transcript.ts";
import { EditRequest, RevertRequest } from "./requests.ts";
import { TranscriptHistory } from "./schema.ts";
import { EDITED_TRANSCRIPT } from "./examples.ts";
import { EDIT_REQUEST, HISTORY, REVERT_REQUEST } from "./examples.ts";

export const transcriptEdits = new Hono<App>();

const NEW_VERSION = {
  tags: ["results"],
  parameters: [
    {
      in: "header",
      name: "If-Match",
      required: true,
      description: "the ETag of the version to change",
      schema: { type: "string" },
    },
    {
      in: "header",
      name: "Prefer",
      description: "`return=minimal`: the answer is 204 with the ETag, without the transcript",
      schema: { type: "string" },
    },
  ],
  answers: {
    200: {
      description: "the whole transcript after the change",
      schema: Transcript.meta({ id: "Transcript" }),
      example: EDITED_TRANSCRIPT,
      headers: { etag: "the tag of the new version", "x-transcript-version": "the number of the new version" },
    },
    204: {
      description: "the change is made",
      headers: { etag: "the tag of the new version", "x-transcript-version": "the number of the new version" },
    },
  },
  problems: [
    ...BODY_PROBLEMS,
    "job_not_found",
    "artifact_not_found",
    "job_unfinished",
    "transcript_changed",
    "precondition_required",
  ],
} satisfies Omit<Description, "operationId" | "summary" | "description" | "request">;

transcriptEdits.patch(
  "/:id/transcript",
  describe({
    ...NEW_VERSION,
    operationId: "editTranscript",
    summary: "Edit the words of a transcript and its speakers",
    description:
      "Makes a new version. `If-Match` names the version whose words the operations count; if there is a newer one, the answer is 412 with its tag.",
    request: EDIT_REQUEST,
  }),
  limitBody,
  body(EditRequest),
  async (c) => answerChange(c, c.req.param("id"), { type: "edit", operations: c.req.valid("json").operations }),
);

transcriptEdits.post(
  "/:id/transcript/revert",
  describe({
    ...NEW_VERSION,
    operationId: "revertTranscript",
    summary: "Make an earlier version of a transcript the latest again",
    description: "Makes a new version with the content of an earlier one; 0 is the original.",
    request: REVERT_REQUEST,
    problems: [...NEW_VERSION.problems, "version_not_found"],
  }),
  limitBody,
  body(RevertRequest),
  async (c) => answerChange(c, c.req.param("id"), { type: "revert", version: c.req.valid("json").version }),
);

transcriptEdits.get(
  "/:id/transcript/history",
  describe({
    operationId: "readTranscriptHistory",
    summary: "List the versions of a transcript: the latest hundred, and the original",
    description: "Lists the edits, latest first. The original comes last, as version 0.",
    tags: ["results"],
    answers: { 200: { description: "the versions, latest first", schema: TranscriptHistory, example: HISTORY } },
    problems: ["job_not_found", "artifact_not_found"],
  }),
  async (c) => {
    const id = c.req.param("id");
    const deps = intakeOf(c.env);
    const job = { id, ownerId: c.get("ownerId") };
    const state = await readWhole(deps, job, () => readTranscriptState(deps.db, job));
    if (state === null) return problem(c, { code: "job_not_found", detail: `There is no job '${id}'.` });
    const { original, endedAt } = state;
    if (original === null) return problem(c, { code: "artifact_not_found", detail: `Job '${id}' has no transcript.` });
    const versions = await listVersions(c.env.DB, id);
    const first = {
      version: 0,
      etag: `"${originalEtag(original.etag)}"`,
      keyId: null,
      operations: 0,
      revertedTo: null,
    };
    const answer: TranscriptHistory = {
      versions: [
        ...versions.map(({ version, etag, createdAt, keyId, operations, revertedTo }) => ({
          version,
          etag: `"${etag}"`,
          createdAt: iso(createdAt),
          keyId,
          operations,
          revertedTo,
        })),
        { ...first, createdAt: iso(endedAt ?? 0) },
      ],
    };
    return c.json(answer, 200, { "cache-control": "private, no-cache" });
  },
);

async function answerChange(c: Context<App>, jobId: string, change: Change): Promise<Response> {
  const ifMatch = c.req.header("if-match");
  if (ifMatch === undefined) {
    const detail = "Send 'If-Match' with the ETag of the version that you have read, so that no other change is lost.";
    return problem(c, { code: "precondition_required", detail });
  }
  const editor = { jobId, ownerId: c.get("ownerId"), keyId: authorOf(c) };
  const deps = { ...intakeOf(c.env), passages: passageIndexOf(c.env) };
  const made = await editTranscript(editor, change, strongTags(ifMatch), deps);
  if ("code" in made) return problem(c, made, made.etag === undefined ? {} : { etag: made.etag });
  const { transcript, version, etag } = made;
  const headers = { etag: `"${etag}"`, "x-transcript-version": String(version), "cache-control": "private, no-cache" };
  const isMinimal = /(^|,)\s*return\s*=\s*minimal\s*(;|,|$)/i.test(c.req.header("prefer") ?? "");
  return isMinimal
    ? c.body(null, 204, { ...headers, "preference-applied": "return=minimal" })
    : c.json(transcript, 200, headers);
}
