// The registry of kinds: the rest of Darkroom reads everything that it knows about a kind of job from here.
import * as z from "zod";

import { parseOwn } from "../input/read-json.ts";
import { classification } from "./classification/kind.ts";
import { imageGeneration } from "./image-generation/kind.ts";
import type { Kind, Leaves, Media } from "./kind.ts";
import { textGeneration } from "./text-generation/kind.ts";
import { transcription } from "./transcription/kind.ts";

/** In the order in which they are shown. */
const ALL = [transcription, imageGeneration, classification, textGeneration] as const;

type Registered = (typeof ALL)[number];

/** A kind of job, as clients name it. */
export type JobKind = Registered["kind"];
export const JOB_KINDS: readonly JobKind[] = ALL.map(({ kind }) => kind);

/** The kinds of tasks that do the work of jobs. Steps and deliveries have kinds of their own (shared/jobs/task-kind.ts). */
export type KindTask = { [One in Registered as One["kind"]]: Extract<keyof One["tasks"], string> }[JobKind];

/** What a job works on and how: the kind's own input. */
export const JobWork = z.discriminatedUnion("kind", works());
export type JobWork = z.infer<typeof JobWork>;

/** The body of `POST /v1/jobs`. `source` is the key of an object in the bucket. */
export const JobRequest = z.discriminatedUnion("kind", each("request")).meta({ id: "JobRequest" });
export type JobRequest = z.infer<typeof JobRequest>;

export const JobInput = z.union(each("input"));

/** Options of some kind, as a client gives them. */
export type AskedOptions = z.input<Registered["options"]>;

/** A kind that was looked up by its name. Give it only the inputs of its own jobs. */
type AnyKind = Kind<JobWork["input"]> & { readonly firstTask: KindTask; readonly kind: JobKind };

const BY_NAME: ReadonlyMap<string, AnyKind> = new Map<string, AnyKind>(ALL.map((kind) => [kind.kind, kind]));

/** @throws for a name that is not a kind. */
export function kindOf(name: JobKind): AnyKind {
  const kind = BY_NAME.get(name);
  if (kind === undefined) throw new Error(`no kind of job '${name}'`);
  return kind;
}

export function isJobKind(name: string): name is JobKind {
  return BY_NAME.has(name);
}

/** Return the kind that an upload becomes if no other kind is asked for. */
export function defaultKind(media: Media): JobKind | undefined {
  return [...BY_NAME.values()].find(({ uploads }) => uploads.byDefault.includes(media))?.kind;
}

/** Return the work of each kind. The cast keeps which input belongs to which kind; a plain `map` would mix them. */
function works(): Works<typeof ALL> {
  return ALL.map(({ kind, input }) => z.strictObject({ kind: z.literal(kind), input })) as unknown as Works<typeof ALL>;
}

type Works<Kinds extends readonly Registered[]> = {
  -readonly [Index in keyof Kinds]: z.ZodObject<
    { kind: z.ZodLiteral<Kinds[Index]["kind"]>; input: Kinds[Index]["input"] },
    z.core.$strict
  >;
};

/** Return one field of all kinds, in their order and each with its own type. */
function each<Field extends "request" | "input">(field: Field): Each<typeof ALL, Field> {
  return ALL.map((kind) => kind[field]) as unknown as Each<typeof ALL, Field>;
}

type Each<Kinds extends readonly Registered[], Field extends keyof Registered> = {
  -readonly [Index in keyof Kinds]: Kinds[Index][Field];
};

/** Return the main artifact of a job; undefined if it has not made it. */
export function mainArtifact<One extends { readonly name: string }>(
  kind: JobKind,
  artifacts: readonly One[],
): One | undefined {
  const names = [kindOf(kind).result].flat();
  return artifacts.find(({ name }) => names.some((beginning) => name.startsWith(beginning)));
}

/** Return whether jobs of this kind have a transcript; false for a kind that only a newer version knows. */
export function leavesTranscript(kind: string): boolean {
  return isJobKind(kind) && kindOf(kind).materials.includes("a transcript");
}

/**
 * Return what a job leaves, by its row in D1.
 * @returns null if a newer version wrote the row: this version does not know its kind, or cannot read its input.
 */
export function storedLeaves({ kind, input }: { readonly kind: string; readonly input: string }): Leaves | null {
  if (!isJobKind(kind)) return null;
  const own = kindOf(kind);
  // The transcript exists whatever the input says.
  if (own.materials.every((material) => material === "a transcript")) return { material: "a transcript" };
  const parsed = JobWork.safeParse({ kind, input: parseOwn(input) });
  return parsed.success ? own.leaves(parsed.data.input) : null;
}

/** Thrown for a job that a newer version of Darkroom wrote. That version will run its tasks; until then they are put off. */
export class NewerWork extends Error {
  override readonly name = "NewerWork";
}
