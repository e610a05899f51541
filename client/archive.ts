import type { ExportedJob, ImportResult } from "./contract.ts";
import type { CallOptions, Http } from "./http.ts";
import { listing } from "./listing.ts";

const PATH = "/v1/archive";

/** Moves ended jobs between deployments, as lines (operator only). */
export function createArchive(http: Http) {
  return {
    /** Read the ended jobs of every owner, the earliest end first. */
    export: (options?: CallOptions) => listing<ExportedJob>(http, { path: PATH, name: "jobs", query: {} }, options),
    /** Insert at most 50 jobs, whose results must be in the bucket. A job that is there stays as it is. */
    async import(jobs: readonly unknown[], options?: CallOptions): Promise<readonly ImportResult[]> {
      const call = { ...options, json: { jobs }, isRepeatable: true };
      return (await http.json<{ readonly results: readonly ImportResult[] }>("POST", PATH, call)).results;
    },
  };
}
