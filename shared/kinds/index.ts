// The registry of kinds: all that the rest of Darkroom knows of a kind of job, it reads from here.
import * as z from "zod";

import { parseOwn } from "../input/read-json.ts";
import { classification } from "./classification/kind.ts";
import { imageGeneration } from "./image-generation/kind.ts";
import type { Kind, Media } from "./kind.ts";
import { transcription } from "./transcription/kind.ts";

/** In the order in which they are shown. */
const ALL = [transcription, imageGeneration, classification] as const;

type Registered = (typeof ALL)[number];

/** What a client asks for and polls. */
export type JobKind = Registered["kind"];
export const JOB_KINDS: readonly JobKind[] = ALL.map(({ kind }) => kind);

/** The kinds of tasks that do the work of jobs. Steps and deliveries have kinds of their own (shared/jobs/task-kind.ts). */
export type KindTask = { [One in Registered as One["kind"]]: Extract<keyof One["tasks"], string> }[JobKind];

/** What a job works on and how: the kind's own input. */
export const JobWork = z.discriminatedUnion("kind", each("work"));
export type JobWork = z.infer<typeof JobWork>;

/** The body of `POST /v1/jobs`. `source` is the key of an object in the bucket. */
export const JobRequest = z.discriminatedUnion("kind", each("request")).meta({ id: "JobRequest" });
export type JobRequest = z.infer<typeof JobRequest>;

export const JobInput = z.union(each("input"));

/** Options of some kind, as a client gives them. */
export type AskedOptions = z.input<Registered["options"]>;

/** A kind for the inputs of its own jobs: give it no other's. */
type AnyKind = Kind<JobWork["input"]> & { readonly firstTask: KindTask; readonly kind: JobKind };

const BY_NAME: ReadonlyMap<string, AnyKind> = new Map<string, AnyKind>(ALL.map((kind) => [kind.kind, kind]));

/** @throws for a name that is no kind's. */
export function kindOf(name: JobKind): AnyKind {
  const kind = BY_NAME.get(name);
  if (kind === undefined) throw new Error(`no kind of job '${name}'`);
  return kind;
}

export function isJobKind(name: string): name is JobKind {
  return BY_NAME.has(name);
}

/** The kind that an upload becomes where nobody asks for another one. */
export function defaultKind(media: Media): JobKind | undefined {
  return [...BY_NAME.values()].find(({ uploads }) => uploads.byDefault.includes(media))?.kind;
}

/** One field of all kinds, in their order and each with its own type, which `map` alone would mix. */
function each<Field extends "work" | "request" | "input">(field: Field): Each<typeof ALL, Field> {
  return ALL.map((kind) => kind[field]) as unknown as Each<typeof ALL, Field>;
}

type Each<Kinds extends readonly Registered[], Field extends keyof Registered> = {
  -readonly [Index in keyof Kinds]: Kinds[Index][Field];
};

/** Whether jobs of this kind have a transcript. */
export function leavesTranscript(kind: JobKind): boolean {
  return kindOf(kind).materials.includes("a transcript");
}

/** The work of a job as it is stored: `input` is our own JSON. */
export function storedWork({ kind, input }: { readonly kind: JobKind; readonly input: string }): JobWork {
  return JobWork.parse({ kind, input: parseOwn(input) });
}
