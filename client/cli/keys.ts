import { type Command, InvalidArgumentError, Option } from "commander";

import { SCOPES, type Scope } from "../../shared/keys/scopes.ts";
import { EXIT, type ExitCode, firstWrong } from "./exit-codes.ts";
import { pageSize, printList } from "./jobs.ts";
import { printJson, printLine } from "./output.ts";
import { action, collect, forEach, parseCount, type Session } from "./session.ts";

export function addKeys(program: Command): void {
  const keys = program.command("keys").description("API keys");
  keys
    .command("create")
    .description("make a key; it is printed this once")
    .requiredOption("--label <label>", "what it is for")
    .addOption(
      new Option("--scope <scope>", `what it may do: ${SCOPES.join(", ")}; may be repeated`)
        .argParser(collectScope)
        .makeOptionMandatory(),
    )
    .option("--expires-in-days <days>", "by default never", parseCount)
    .option("--owner <id>", "for whom; by default yourself")
    .option("--max-jobs <count>", "of its jobs so many may be unfinished", parseCount)
    .option("--max-bytes-a-day <bytes>", "it may upload so many", parseCount)
    .option("--max-upload-bytes <bytes>", "of one upload", parseCount)
    .option("--content-type <prefix>", "what it may upload, e.g. audio/; may be repeated", collect)
    .action(action(create));
  keys
    .command("revoke")
    .description("refuse keys from now on")
    .argument("<id...>", "ids of keys")
    .option("--keep-webhooks", "go on telling the endpoints that they registered")
    .action(action(revoke));
  keys
    .command("ls")
    .description("keys, without their secrets")
    .option("--limit <count>", "at most so many", parseCount, 20)
    .option("--all", "all of them")
    .action(action(ls));
}

interface CreateFlags {
  readonly label: string;
  readonly scope: readonly Scope[];
  readonly expiresInDays?: number;
  readonly owner?: string;
  readonly maxJobs?: number;
  readonly maxBytesADay?: number;
  readonly maxUploadBytes?: number;
  readonly contentType?: readonly string[];
}

async function create({ client, isJson, signal }: Session, flags: CreateFlags): Promise<ExitCode> {
  const { label, scope, owner, maxJobs, maxBytesADay, contentType, ...named } = flags;
  const request = {
    ...named,
    label,
    scopes: [...scope],
    ...(owner !== undefined && { ownerId: owner }),
    ...(maxJobs !== undefined && { maxConcurrentJobs: maxJobs }),
    ...(maxBytesADay !== undefined && { maxUploadBytesADay: maxBytesADay }),
    ...(contentType && { contentTypes: [...contentType] }),
  };
  const created = await client.keys.create(request, { signal });
  if (isJson) printJson(created);
  // The key alone, so that it can go straight into a variable or a secret store.
  else printLine(created.key);
  return EXIT.ok;
}

function collectScope(value: string, before: readonly Scope[] = []): readonly Scope[] {
  const scope = SCOPES.find((one) => one === value);
  if (scope === undefined) throw new InvalidArgumentError(`Allowed choices are ${SCOPES.join(", ")}.`);
  return [...before, scope];
}

async function revoke(
  session: Session,
  ids: readonly string[],
  { keepWebhooks = false }: { keepWebhooks?: boolean },
): Promise<ExitCode> {
  const kept = keepWebhooks ? "keep" : "disable";
  const codes = await forEach(session, ids, async (id) => {
    const { webhooks } = await session.client.keys.revoke(id, { webhooks: kept, signal: session.signal });
    const disabled = webhooks.filter((webhook) => webhook.disabled).map((webhook) => webhook.id);
    if (session.isJson) printJson({ id, revoked: true, webhooks });
    else printLine([id, "revoked", ...(disabled.length > 0 ? [`and disabled: ${disabled.join(", ")}`] : [])].join(" "));
    return EXIT.ok;
  });
  return firstWrong(codes);
}

async function ls({ client, isJson, signal }: Session, size: { limit: number; all?: boolean }): Promise<ExitCode> {
  await printList(client.keys.list({ limit: pageSize(size) }, { signal }), {
    ...size,
    isJson,
    columns: ["ID", "OWNER", "SCOPES", "CREATED", "EXPIRES", "REVOKED", "LABEL"],
    row: (key) => [key.id, key.ownerId, key.scopes.join(","), key.createdAt, key.expiresAt, key.revokedAt, key.label],
  });
  return EXIT.ok;
}
