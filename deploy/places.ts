import * as z from "zod";

import { type Found, type Part } from "./part.ts";
import type { Options } from "./options.ts";
import { jsonIn, rowsIn } from "./rows.ts";
import type { Target } from "./target.ts";

/** The output of `wrangler d1 info --json`. It has no jurisdiction if the database has none. */
const Database = z.object({
  jurisdiction: z.string().nullish(),
  running_in_region: z.string().nullish(),
});

/** The database has to exist before it can be migrated. */
export function databasePart({ database, jurisdiction }: Target, options: Options): Part {
  return {
    name: `the database '${database}'`,
    find: async (wrangler) => {
      const { ok, stdout } = await wrangler.look("d1", "info", database, "--json");
      if (!ok) return { state: "missing" };
      const found = jsonIn(stdout, Database);
      const is = found?.jurisdiction ?? null;
      if (jurisdiction === null || is === jurisdiction) return thereIn(found?.running_in_region, options);
      return {
        state: "different",
        how: `it has ${is === null ? "no jurisdiction" : `the jurisdiction '${is}'`}, but '${jurisdiction}' is requested.`,
        todo: "A database's jurisdiction cannot be changed. Give DB another database_name in wrangler.jsonc, then run this again.",
      };
    },
    command: ["d1", "create", database, ...place(options, jurisdiction)],
    meanwhile: "Nothing works without it.",
  };
}

/**
 * wrangler would create the bucket too, but not in the requested place. If R2 is off, it also uploads, without an error, a Worker
 * whose bucket is missing (tried with 4.164.0). A bucket of another jurisdiction has its own namespace, so it is not found.
 */
export function bucketPart({ bucket, jurisdiction }: Target, options: Options): Part {
  const inJurisdiction = jurisdiction === null ? [] : [`--jurisdiction=${jurisdiction}`];
  return {
    name: `the bucket '${bucket}'`,
    find: async (wrangler) => {
      const { ok, stdout } = await wrangler.look("r2", "bucket", "info", bucket, ...inJurisdiction);
      return ok ? thereIn(rowsIn(stdout)[0]?.["location"], options) : { state: "missing" };
    },
    command: ["r2", "bucket", "create", bucket, ...place(options, jurisdiction)],
    meanwhile: "Nothing works without it.",
  };
}

/** A location is a hint that the platform need not follow. Another location gives a note, not an error. */
function thereIn(location: string | null | undefined, { location: asked }: Options): Found {
  if (asked === undefined || location?.toLowerCase() === asked) return { state: "there" };
  return { state: "there", note: `in ${location ?? "an unknown location"}, not in ${asked}: it cannot be moved` };
}

function place({ location }: Options, jurisdiction: string | null): readonly string[] {
  if (jurisdiction !== null) return [`--jurisdiction=${jurisdiction}`];
  return location === undefined ? [] : [`--location=${location}`];
}
