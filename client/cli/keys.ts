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
    .description("create a key; it is printed only once")
    .requiredOption("--label <label>", "what the key is for")
    .addOption(
      new Option("--scope <scope>", `what the key may do: ${SCOPES.join(", ")}; may be repeated`)
        .argParser(collectScope)
        .makeOptionMandatory(),
    )
    .option("--expires-in-days <days>", "days until the key expires; by default never", parseCount)
    .option("--owner <id>", "the owner whose jobs the key sees; by default yours")
    .option("--max-jobs <count>", "how many unfinished jobs the key may have", parseCount)
    .option("--max-bytes-a-day <bytes>", "how many bytes it may upload in a day (UTC)", parseCount)
    .option("--max-upload-bytes <bytes>", "the largest upload, in bytes", parseCount)
    .option("--content-type <prefix>", "a content type that it may upload, such as audio/; may be repeated", collect)
    .action(action(create));
  keys
    .command("revoke")
    .description("revoke keys, from the next request on")
    .argument("<id...>", "ids of keys")
    .option("--keep-webhooks", "keep the webhook endpoints that they registered")
    .action(action(revoke));
  keys
    .command("ls")
    .description("list keys, without their secrets")
    .option("--limit <count>", "the most to list", parseCount, 20)
    .option("--all", "list all")
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
  // Only the key, so that a script can store it without parsing.
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
