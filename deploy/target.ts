// The names of production's resources, read from wrangler.jsonc: people rename the queues, the bucket and the database.
import { join } from "node:path";

import { unstable_readConfig as readConfig } from "wrangler";

import { accessOf } from "../shared/keys/access.ts";
import { DEFAULT_SETTINGS } from "../shared/settings.ts";
import { ROOT } from "./wrangler.ts";

export interface Target {
  readonly database: string;
  readonly bucket: string;
  /** The jurisdiction of the bucket; null for the default one. */
  readonly jurisdiction: string | null;
  /** The queue that the bucket's notifications go to. */
  readonly uploadQueue: string;
  /** Null while Vectorize is not configured. */
  readonly passageIndex: string | null;
  /** Origins whose pages may call, from the var CORS_ORIGINS. */
  readonly origins: readonly string[];
  /** The owner of the first admin key. */
  readonly operatorId: string;
  /** What is wrong with the variables of Cloudflare Access; null if nothing is. */
  readonly accessFault: string | null;
}

/** The part of wrangler's parsed configuration that is used here. In it, a queue without a name is a symbol. */
interface Configured {
  readonly d1_databases: readonly { readonly binding: string; readonly database_name?: string }[];
  readonly r2_buckets: readonly {
    readonly binding: string;
    readonly bucket_name?: string | symbol;
    readonly jurisdiction?: string;
  }[];
  readonly queues: { readonly producers?: readonly { readonly binding: string; readonly queue?: string | symbol }[] };
  readonly vectorize: readonly { readonly binding: string; readonly index_name: string }[];
  readonly vars: Readonly<Record<string, unknown>>;
}

/** @throws an Error that names the binding that wrangler.jsonc lacks. */
export function readTarget(): Target {
  const path = join(ROOT, "wrangler.jsonc");
  const config = readConfig({ config: path, env: "" }, { hideWarnings: true }) as Configured;
  const operatorId = config.vars["OPERATOR_ID"];
  const media = config.r2_buckets.find(({ binding }) => binding === "MEDIA");
  return {
    database: named("DB", config.d1_databases.find(({ binding }) => binding === "DB")?.database_name),
    bucket: named("MEDIA", media?.bucket_name),
    jurisdiction: media?.jurisdiction ?? null,
    uploadQueue: named("UPLOADS", config.queues.producers?.find(({ binding }) => binding === "UPLOADS")?.queue),
    passageIndex: config.vectorize.find(({ binding }) => binding === "PASSAGES")?.index_name ?? null,
    origins: originsIn(config.vars["CORS_ORIGINS"]),
    operatorId: typeof operatorId === "string" ? operatorId : DEFAULT_SETTINGS.OPERATOR_ID,
    accessFault: accessFaultIn(config.vars),
  };
}

/** Variables that are missing here may be secrets, so they are not missed. */
function accessFaultIn(vars: Configured["vars"]): string | null {
  const { ACCESS_TEAM_DOMAIN, ACCESS_AUD, ACCESS_MEMBERS } = vars;
  const given = { ACCESS_TEAM_DOMAIN, ACCESS_AUD, ACCESS_MEMBERS };
  if (Object.values(given).includes(undefined)) return null;
  const access = accessOf(given);
  return access.state === "wrong" ? access.why : null;
}

function originsIn(setting: unknown): readonly string[] {
  if (typeof setting !== "string") return [];
  const origins = setting.split(",").map((origin) => origin.trim());
  return origins.filter((origin) => origin !== "");
}

function named(binding: string, name: string | symbol | undefined): string {
  if (typeof name === "string") return name;
  throw new Error(`wrangler.jsonc gives the binding ${binding} no name at its top level. Give it one there.`);
}
