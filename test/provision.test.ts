// bin/provision against a wrangler that keeps its account in a folder: what it would create, and that it does so once.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, expect, test } from "vitest";

import { SIGNED_HEADERS } from "../shared/signed-headers.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..");

const FAKE_WRANGLER = `#!/usr/bin/env bash
echo "$*" >> "$ACCOUNT/calls"
case "$*" in
  "whoami") [ ! -e "$ACCOUNT/logged-out" ] ;;
  "r2 bucket info"*|"queues info"*|"vectorize get"*) [ -e "$ACCOUNT/$(basename "\${!#}")" ] ;;
  "d1 info"*) [ -e "$ACCOUNT/darkroom" ] && echo '{"uuid":"12345678-1234-1234-1234-123456789abc"}' ;;
  "r2 bucket notification list"*) cat "$ACCOUNT/rule" 2>/dev/null ;;
  "r2 bucket notification create"*) echo "queue: media-uploads" > "$ACCOUNT/rule" ;;
  "r2 bucket cors set"*) cp "\${!#}" "$ACCOUNT/cors" ;;
  "secret list"*) cat "$ACCOUNT/secrets" 2>/dev/null ;;
  "secret put"*) cat > /dev/null; echo '"name": "URL_SIGNING_KEY"' > "$ACCOUNT/secrets" ;;
  "vectorize create "*) touch "$ACCOUNT/darkroom-passages" ;;
  "vectorize create-metadata-index"*) printf '"%s"' "\${4#*=}" >> "$ACCOUNT/properties" ;;
  "vectorize list-metadata-index"*) cat "$ACCOUNT/properties" 2>/dev/null ;;
  *"create "*) touch "$ACCOUNT/\${!#}" ;;
  *"INSERT INTO api_keys"*) touch "$ACCOUNT/key" ;;
  *"SELECT count"*) [ -e "$ACCOUNT/key" ] && echo '"keys": 1' || echo '"keys": 0' ;;
esac
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "provision-"));
  for (const name of ["bin", "account", "shared"]) await mkdir(join(folder, name));
  await cp(join(ROOT, "bin/provision"), join(folder, "bin/provision"));
  await cp(join(ROOT, "wrangler.jsonc"), join(folder, "wrangler.jsonc"));
  await cp(join(ROOT, "shared/signed-headers.ts"), join(folder, "shared/signed-headers.ts"));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "wrangler"), FAKE_WRANGLER, { mode: 0o755 });
});
afterEach(() => rm(folder, { recursive: true }));

async function provision(...args: string[]): Promise<string> {
  const env = { ...process.env, WRANGLER: join(folder, "wrangler"), ACCOUNT: join(folder, "account") };
  return (await run(join(folder, "bin/provision"), args, { env })).stdout;
}

test("creates everything once, prints each command, and shows the key once", async () => {
  const first = await provision();
  expect(first.match(/^\+ wrangler .*/gm)).toEqual([
    "+ wrangler r2 bucket create darkroom-media",
    "+ wrangler queues create media-uploads",
    "+ wrangler queues create media-tasks",
    "+ wrangler queues create media-dead-letters",
    "+ wrangler r2 bucket notification create darkroom-media --event-type object-create --queue media-uploads --prefix inbox/",
    "+ wrangler vectorize create darkroom-passages --dimensions=1024 --metric=cosine",
    "+ wrangler vectorize create-metadata-index darkroom-passages --propertyName=space --type=string",
    "+ wrangler vectorize create-metadata-index darkroom-passages --propertyName=jobId --type=string",
    "+ wrangler vectorize create-metadata-index darkroom-passages --propertyName=kind --type=string",
    "+ wrangler d1 create darkroom",
    "+ wrangler d1 migrations apply DB --remote --env=",
    expect.stringContaining("INSERT INTO api_keys"),
  ]);
  const [, secret] = /Admin key, shown this once: dk_k\d+_([0-9a-f]{48})/.exec(first) ?? [];
  expect(secret).toBeDefined();
  expect(first.split(secret!)).toHaveLength(2);
  const config = await readFile(join(folder, "wrangler.jsonc"), "utf8");
  expect(config).toContain('"database_id": "12345678-1234-1234-1234-123456789abc"');

  const second = await provision();
  expect(second.match(/^\+ wrangler .*/gm)).toEqual(["+ wrangler d1 migrations apply DB --remote --env="]);
  expect(second).not.toContain("key, shown");
});

test("a dry run calls nothing and changes nothing", async () => {
  const printed = await provision("--dry-run");
  expect(printed.match(/^\+ wrangler /gm)).toHaveLength(12);
  await expect(readFile(join(folder, "account/calls"))).rejects.toThrow(/ENOENT/);
  expect(await readFile(join(folder, "wrangler.jsonc"), "utf8")).toBe(
    await readFile(join(ROOT, "wrangler.jsonc"), "utf8"),
  );
});

test("without a login nothing is created", async () => {
  await writeFile(join(folder, "account/logged-out"), "");
  await expect(provision()).rejects.toMatchObject({ code: 1 });
  expect(await readFile(join(folder, "account/calls"), "utf8")).toBe("whoami\n");
});

test("sites that are named may send to the bucket what a presigned PUT signs, and read its ETag", async () => {
  const printed = await provision("--origin", "https://app.example.com", "--origin", "http://localhost:5173");
  expect(printed).toMatch(/^\+ wrangler r2 bucket cors set darkroom-media --force --file .*r2-cors\.json$/m);
  // That nothing else is signed, test/presigned.test.ts asks of an upload that has them all.
  expect(JSON.parse(await readFile(join(folder, "account/cors"), "utf8"))).toMatchObject({
    rules: [
      {
        allowed: {
          origins: ["https://app.example.com", "http://localhost:5173"],
          methods: ["PUT"],
          headers: SIGNED_HEADERS,
        },
        exposeHeaders: ["ETag"],
      },
    ],
  });
  await expect(provision("--origin", "https://app.example.com/")).rejects.toMatchObject({ code: 2 });
  await expect(provision("--origin", '*"]}')).rejects.toMatchObject({ code: 2 });
});
