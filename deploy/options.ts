import { InvalidArgumentError, Option, type Command } from "commander";

import type { Target } from "./target.ts";

/** R2's and D1's hints alike (wrangler r2 bucket create --help, wrangler d1 create --help, 4.164.0). */
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
      new Option("--location <hint>", "where to make bucket and database, if they are not there").choices(LOCATIONS),
    )
    .addOption(
      new Option("--jurisdiction <name>", "make bucket and database in this jurisdiction, if they are not there")
        .choices(JURISDICTIONS)
        .conflicts("location"),
    )
    .option(
      "--origin <origin>",
      "a site whose pages may upload to the bucket; repeatable, name all each time",
      origin,
      [],
    )
    .option("--dry-run", "print what a new account would need, and call nobody");
}

/** An origin is a scheme and a host, as a browser sends it: nothing behind, not even a slash. */
function origin(value: string, earlier: readonly string[]): readonly string[] {
  if (/^https?:\/\/[A-Za-z0-9.-]+(?::\d+)?$/.test(value)) return [...earlier, value];
  throw new InvalidArgumentError("Write the scheme and the host alone: https://app.example.com");
}

/** What a jurisdiction needs in wrangler.jsonc, which the Worker's binding is made from; null if nothing is amiss. */
export function problemWith({ jurisdiction }: Options, target: Target): string | null {
  if (jurisdiction === undefined || jurisdiction === target.jurisdiction) return null;
  return `The bucket '${target.bucket}' has ${target.jurisdiction === null ? "no jurisdiction" : `the jurisdiction '${target.jurisdiction}'`} in wrangler.jsonc, so the Worker would be bound to another bucket. Write "jurisdiction": "${jurisdiction}" beside its bucket_name, then run this again.`;
}
