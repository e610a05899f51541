import type { Part } from "./part.ts";
import type { Options } from "./options.ts";
import type { Target } from "./target.ts";

/** The database has to be there before it can be migrated. */
export function databasePart({ database, jurisdiction }: Target, options: Options): Part {
  return {
    name: `the database '${database}'`,
    isThere: async (wrangler) => (await wrangler.look("d1", "info", database, "--json")).ok,
    command: ["d1", "create", database, ...place(options, jurisdiction)],
    meanwhile: "Nothing works without it.",
  };
}

/**
 * wrangler would make the bucket too, but not where it is wanted; and where R2 is off it says nothing and uploads a Worker
 * whose bucket is missing (tried with 4.164.0).
 */
export function bucketPart({ bucket, jurisdiction }: Target, options: Options): Part {
  const inJurisdiction = jurisdiction === null ? [] : [`--jurisdiction=${jurisdiction}`];
  return {
    name: `the bucket '${bucket}'`,
    isThere: async (wrangler) => (await wrangler.look("r2", "bucket", "info", bucket, ...inJurisdiction)).ok,
    command: ["r2", "bucket", "create", bucket, ...place(options, jurisdiction)],
    meanwhile: "Nothing works without it.",
  };
}

function place({ location }: Options, jurisdiction: string | null): readonly string[] {
  if (jurisdiction !== null) return [`--jurisdiction=${jurisdiction}`];
  return location === undefined ? [] : [`--location=${location}`];
}
