import { readWhole } from "../../shared/archive/whole.ts";
import { editPassages, readPassagesAt } from "../../shared/db/search/passages.ts";
import {
  isStored as isVersionStored,
  noteEditing,
  readTranscriptState,
  storeVersion,
  type Stored,
  type TranscriptState,
} from "../../shared/db/transcripts/versions.ts";
import type { Statement } from "../../shared/db/transact.ts";
import { insertEditedDeliveries } from "../../shared/db/webhooks/deliveries.ts";
import { sha256Hex } from "../../shared/hash.ts";
import { leavesTranscript } from "../../shared/kinds/index.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { announce } from "../../shared/jobs/announce.ts";
import { keepEdit } from "../../shared/restoring/edits.ts";
import { editOf, touchedBy } from "../../shared/search/edit-passages.ts";
import type { PassageEdit, PassageIndex } from "../../shared/search/passage.ts";
import { applyEdits } from "../../shared/transcripts/apply-edits.ts";
import type { EditOperation } from "../../shared/transcripts/edit-operations.ts";
import type { Transcript } from "../../shared/transcripts/transcript.ts";
import type { TranscriptVersion } from "../../shared/transcripts/version.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { versionKey } from "../../shared/uploads/storage.ts";
import type { Problem } from "../http/problem.ts";
import { isStored, type OpenedVersion, readVersion } from "./read-transcript.ts";

/** A change of a transcript. */
export type Change =
  | { readonly type: "edit"; readonly operations: readonly EditOperation[] }
  | { readonly type: "revert"; readonly version: number };

export interface EditDeps extends Intake {
  readonly passages: PassageIndex;
}

export interface Editor {
  readonly jobId: string;
  readonly ownerId: string;
  readonly keyId: string;
}

/** The limit of an edited transcript, so that edits cannot grow it without end. With its JSON, this takes some 100 MB of memory. */
const MAX_TRANSCRIPT_CHARS = 24_000_000;

/**
 * Make a new version of a transcript. The same change of the same version is made once, however often it is sent. If two changes of
 * one version come at the same moment, one is made and the other gets `transcript_changed`.
 * @param tags the ETags of the versions that the client accepts as the current one; null for any.
 */
export async function editTranscript(
  { jobId, ownerId, keyId }: Editor,
  change: Change,
  tags: readonly string[] | null,
  deps: EditDeps,
): Promise<OpenedVersion | Problem> {
  const { db, media } = deps;
  const state = await readState({ id: jobId, ownerId }, deps);
  const refusal = refuse(jobId, state);
  if (refusal !== null || state === null || !isStored(state)) return refusal ?? noTranscript(jobId);
  const current = await readVersion(jobId, state, "edited", deps);
  if (current === null) throw new Error(`the transcript of job '${jobId}' has no latest version`);
  const known = await isKnown(state.latest, change, tags);
  if (known) return current;
  if (tags !== null && !tags.includes(current.etag)) return changed(jobId, current.etag);
  const result = await resultOf(jobId, state, current, change, deps);
  if ("code" in result) return result;

  const body = JSON.stringify(result);
  if (body.length > MAX_TRANSCRIPT_CHARS && body.length > JSON.stringify(current.transcript).length) {
    const detail = `The transcript would have ${body.length} characters as JSON after this edit; the limit is ${MAX_TRANSCRIPT_CHARS}. Shorten the new text.`;
    return { code: "invalid_request", detail, issues: [{ path: "operations", message: detail }] };
  }
  const requestHash = await hashOf(current.etag, change);
  const version = current.version === 0 ? 1 : current.version + 1;
  const made: TranscriptVersion = {
    version,
    key: versionKey(jobId, version, requestHash),
    etag: `v${version}-${await sha256Hex(body, { bytes: 8 })}`,
    originalEtag: state.original.etag,
    requestHash,
    keyId,
    operations: change.type === "edit" ? change.operations.length : 0,
    revertedTo: change.type === "revert" ? change.version : null,
    createdAt: Date.now(),
  };
  await noteEditing(db, jobId, made.createdAt);
  await patiently(() => media.put(made.key, body, { httpMetadata: { contentType: "application/json" } }));
  const found = await passagesAfter(jobId, { before: current.transcript, after: result }, db);
  const stored = await storeVersion(db, { id: jobId, ownerId }, made, alongside(jobId, made, found, deps));
  if (stored === null) return lost({ jobId, ownerId, keyId }, { change, tags, made }, deps);
  await afterwards({ jobId, ownerId, keyId }, made, { ...stored, found }, deps);
  return { transcript: result, version, etag: made.etag };
}

async function readState(job: { id: string; ownerId: string }, deps: EditDeps): Promise<TranscriptState | null> {
  return readWhole(deps, job, () => readTranscriptState(deps.db, job));
}

function refuse(jobId: string, state: TranscriptState | null): Problem | null {
  if (state === null) return { code: "job_not_found", detail: `There is no job '${jobId}'.` };
  if (!leavesTranscript(state.kind)) {
    return { code: "artifact_not_found", detail: `Job '${jobId}' is a ${state.kind}; it has no transcript.` };
  }
  if (state.endedAt === null) {
    return {
      code: "job_unfinished",
      detail: `Job '${jobId}' is ${state.state}. Edit its transcript when it has ended.`,
    };
  }
  return null;
}

function noTranscript(jobId: string): Problem {
  return { code: "artifact_not_found", detail: `Job '${jobId}' has ended without a transcript.` };
}

function changed(jobId: string, etag: string): Problem {
  const detail = `The transcript of job '${jobId}' has a newer version. Read it again, and apply the change to that version.`;
  return { code: "transcript_changed", detail, etag: `"${etag}"` };
}

/** Whether the latest version is the result of this same change to a version that the client accepts. */
async function isKnown(latest: TranscriptVersion | null, change: Change, tags: readonly string[] | null) {
  if (latest === null || tags === null) return false;
  for (const tag of tags.slice(0, 10)) if ((await hashOf(tag, change)) === latest.requestHash) return true;
  return false;
}

async function hashOf(baseEtag: string, change: Change): Promise<string> {
  return sha256Hex(JSON.stringify([baseEtag, change]), { bytes: 12 });
}

async function resultOf(
  jobId: string,
  state: TranscriptState & { readonly original: NonNullable<TranscriptState["original"]> },
  current: OpenedVersion,
  change: Change,
  deps: EditDeps,
): Promise<Transcript | Problem> {
  if (change.type === "revert") {
    const old = await readVersion(jobId, state, change.version, deps);
    if (old !== null) return old.transcript;
    const detail = `The transcript of job '${jobId}' has no version ${change.version}, or that version has been deleted.`;
    return { code: "version_not_found", detail };
  }
  const edited = applyEdits(current.transcript, change.operations);
  if (edited.ok) return edited.transcript;
  const [first] = edited.issues;
  return { code: "invalid_request", detail: `${first?.path ?? ""}: ${first?.message ?? ""}`, issues: edited.issues };
}

async function passagesAfter(
  jobId: string,
  { before, after }: { before: Transcript; after: Transcript },
  db: D1Database,
): Promise<PassageEdit | null> {
  const touched = touchedBy(before.segments, after.segments);
  if (touched !== null && touched.places.length === 0) return null;
  const there = touched === null ? [] : await readPassagesAt(db, jobId, touched);
  return editOf(jobId, { before: before.segments, after: after.segments, touched }, there);
}

function alongside(
  jobId: string,
  { version, key, createdAt: now }: TranscriptVersion,
  found: PassageEdit | null,
  { db }: EditDeps,
): readonly Statement<Stored>[] {
  const guard = isVersionStored("?2", "?3", "?4");
  return [
    ...(found === null ? [] : editPassages(db, found, guard, [jobId, version, key])),
    ...insertEditedDeliveries(db, { version: [jobId, version, key], guard }, now),
  ];
}

/** The version was not stored: another change was faster, the job is gone, or the same request was sent twice and has made this change. */
async function lost(
  { jobId, ownerId }: Editor,
  { change, tags, made }: { change: Change; tags: readonly string[] | null; made: TranscriptVersion },
  deps: EditDeps,
): Promise<OpenedVersion | Problem> {
  const state = await readState({ id: jobId, ownerId }, deps);
  if (state?.latest?.key !== made.key) await patiently(() => deps.media.delete(made.key));
  const refusal = refuse(jobId, state);
  if (refusal !== null || state === null || !isStored(state)) return refusal ?? noTranscript(jobId);
  const current = await readVersion(jobId, state, "edited", deps);
  if (current === null) return noTranscript(jobId);
  return (await isKnown(state.latest, change, tags)) ? current : changed(jobId, current.etag);
}

/** The work after a version is stored. It may be done late, or fail. */
async function afterwards(
  { jobId, ownerId }: Editor,
  made: TranscriptVersion,
  {
    forgottenKeys,
    opened,
    found,
  }: { forgottenKeys: readonly string[]; opened: readonly string[]; found: PassageEdit | null },
  { media, tasks, journal, passages }: EditDeps,
): Promise<void> {
  const { version, operations } = made;
  journal.record({ event: "transcript.edited", jobId, ownerId }, { version, operations });
  await announce({ opened }, { journal, tasks });
  const note = (error: unknown) => journal.fault({ event: "edit.unrecorded", jobId, ownerId }, error);
  await keepEdit(media, { ...made, jobId, ownerId }).catch(note);
  if (forgottenKeys.length > 0) await media.delete([...forgottenKeys]).catch(note);
  if (found?.type === "changed" && found.removedIds.length > 0) await passages.forget(found.removedIds).catch(note);
  if (found?.type === "anew") await passages.forget(found.passages.map(({ id }) => id)).catch(note);
}
