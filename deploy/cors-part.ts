import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { SIGNED_HEADERS } from "../shared/uploads/signed-headers.ts";
import { byHand, type Found, type Part } from "./part.ts";
import { adviceFor, reasonIn } from "./refusals.ts";
import { rowsIn } from "./rows.ts";
import { type Ran, ROOT } from "./wrangler.ts";

const MAX_AGE_SECONDS = 3600;
/** "The CORS configuration does not exist." */
const NO_RULES = "[code: 10059]";

/** Let pages of these sites upload to the bucket. @param where options that name the bucket's jurisdiction. */
export async function corsPart(bucket: string, origins: readonly string[], where: readonly string[]): Promise<Part> {
  // Every header that a presigned PUT signs. Completing a multipart upload needs ETag.
  const allowed = { origins, methods: ["PUT"], headers: SIGNED_HEADERS };
  const rules = [{ allowed, exposeHeaders: ["ETag"], maxAgeSeconds: MAX_AGE_SECONDS }];
  console.log(`# .wrangler/r2-cors.json: ${JSON.stringify({ rules })}`);
  await mkdir(join(ROOT, ".wrangler"), { recursive: true });
  await writeFile(join(ROOT, ".wrangler/r2-cors.json"), `${JSON.stringify({ rules })}\n`);
  return {
    name: `the CORS rule of '${bucket}' for ${origins.join(", ")}`,
    find: async (wrangler) => {
      const listed = await wrangler.look("r2", "bucket", "cors", "list", bucket, ...where);
      return judgeCors(listed, { bucket, origins, where, isDryRun: wrangler.isDryRun });
    },
    command: ["r2", "bucket", "cors", "set", bucket, "--force", "--file=.wrangler/r2-cors.json", ...where],
    meanwhile: "Meanwhile pages of these sites cannot upload to the bucket.",
  };
}

/** `cors set` replaces every rule, so it may replace only a rule that an earlier run wrote. */
function judgeCors(
  { ok, stdout, output }: Ran,
  given: { bucket: string; origins: readonly string[]; where: readonly string[]; isDryRun: boolean },
): Found {
  const { bucket, origins, where, isDryRun } = given;
  if (!ok) {
    if (isDryRun || output.includes(NO_RULES)) return { state: "missing" };
    const how = `its present rules cannot be read: ${reasonIn(output)}`;
    return { state: "different", how, todo: adviceFor(output) ?? "Run this again." };
  }
  const rows = rowsIn(stdout).filter((row) => row["allowed_methods"] !== undefined);
  const [row] = rows;
  if (row === undefined) return { state: "missing" };
  if (rows.length > 1 || row["allowed_methods"] !== "PUT") {
    const told = rows.map((one) => `${one["allowed_methods"]} for ${one["allowed_origins"]}`).join("; ");
    const removal = byHand(["r2", "bucket", "cors", "delete", bucket, ...where]);
    return {
      state: "different",
      how: `the bucket has other rules (${told}), which setting Darkroom's would replace.`,
      todo: `Add the rule in .wrangler/r2-cors.json to them by hand, or delete them (${removal}) and run this again.`,
    };
  }
  const isAsWanted =
    row["allowed_origins"] === origins.join(", ") &&
    row["allowed_headers"] === SIGNED_HEADERS.join(", ") &&
    row["exposed_headers"] === "ETag" &&
    row["max_age_seconds"] === String(MAX_AGE_SECONDS);
  return { state: isAsWanted ? "there" : "missing" };
}
