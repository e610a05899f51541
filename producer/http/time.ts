import * as z from "zod";

/** A time as every answer writes it: ISO 8601. */
export const Time = z.string().meta({ format: "date-time" });
export const MaybeTime = Time.nullable();

/** Where the next page starts; null on the last one. */
export const NextCursor = z.string().nullable();

export const Failure = z.object({ code: z.string(), message: z.string().nullable() }).meta({ id: "Failure" });

/** Epoch milliseconds as the API writes times: ISO 8601, UTC. */
export function iso(timeMs: number): string;
export function iso(timeMs: number | null): string | null;
export function iso(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}
