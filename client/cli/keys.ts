import type { Command } from "commander";

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
    .requiredOption("--scope <scope>", "what it may do; may be repeated", collect)
    .option("--expires-in-days <days>", "by default never", parseCount)
    .option("--owner <id>", "for whom; by default yourself")
    .action(action(create));
  keys
    .command("revoke")
    .description("refuse keys from now on")
    .argument("<id...>", "ids of keys")
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
  readonly scope: readonly string[];
  readonly expiresInDays?: number;
  readonly owner?: string;
}

async function create({ client, isJson, signal }: Session, flags: CreateFlags): Promise<ExitCode> {
  const { label, scope: scopes, expiresInDays, owner } = flags;
  const days = expiresInDays !== undefined && { expiresInDays };
  const request = { label, scopes: [...scopes], ...days, ...(owner !== undefined && { ownerId: owner }) };
  const created = await client.keys.create(request, { signal });
  if (isJson) printJson(created);
  // The key alone, so that it can go straight into a variable or a secret store.
  else printLine(created.key);
  return EXIT.ok;
}

async function revoke(session: Session, ids: readonly string[]): Promise<ExitCode> {
  const codes = await forEach(session, ids, async (id) => {
    await session.client.keys.revoke(id, { signal: session.signal });
    if (session.isJson) printJson({ id, revoked: true });
    else printLine(`${id} revoked`);
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
