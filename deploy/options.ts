import { InvalidArgumentError, Option, type Command } from "commander";

import type { Target } from "./target.ts";

/** The location hints of R2 and D1 (wrangler r2 bucket create --help, wrangler d1 create --help, 4.164.0). */
const LOCATIONS = ["weur", "eeur", "apac", "oc", "wnam", "enam"];
const JURISDICTIONS = ["eu", "fedramp", "us"];

export interface Options {
  readonly dryRun?: true;
  readonly location?: string;
  readonly jurisdiction?: string;
  readonly origin: readonly string[];
}

export function withOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--location <hint>", "where to create the bucket and the database, if they do not exist").choices(
        LOCATIONS,
      ),
    )
    .addOption(
      new Option(
        "--jurisdiction <name>",
        "create the bucket and the database in this jurisdiction, if they do not exist",
      )
        .choices(JURISDICTIONS)
        .conflicts("location"),
    )
    .option(
      "--origin <origin>",
      "a site whose pages may upload to the bucket; may be repeated, and must name every site each time",
      origin,
      [],
    )
    .option("--dry-run", "print what a new account would need, without calling the platform");
}

/** Parse an origin: a scheme and a host, as a browser sends it, without a path or a slash at the end. */
function origin(value: string, earlier: readonly string[]): readonly string[] {
  if (/^https?:\/\/[A-Za-z0-9.-]+(?::\d+)?$/.test(value)) return [...earlier, value];
  throw new InvalidArgumentError("Give only the scheme and the host, such as https://app.example.com");
}

/** The fault in wrangler.jsonc that must be corrected before anything is created or deployed; null if there is none. */
export function problemWith(options: Options, target: Target): string | null {
  if (target.accessFault === null) return jurisdictionProblem(options, target);
  return `The Worker would let nobody sign in with Cloudflare Access. ${target.accessFault} Correct it in wrangler.jsonc, then run this again.`;
}

/** What the bucket's binding in wrangler.jsonc lacks for a jurisdiction; null if it is right. */
function jurisdictionProblem({ jurisdiction }: Options, target: Target): string | null {
  if (jurisdiction === undefined || jurisdiction === target.jurisdiction) return null;
  return `The bucket '${target.bucket}' has ${target.jurisdiction === null ? "no jurisdiction" : `the jurisdiction '${target.jurisdiction}'`} in wrangler.jsonc, so the Worker would be bound to another bucket. Write "jurisdiction": "${jurisdiction}" next to its bucket_name, then run this again.`;
}
