// Lints the OpenAPI documents with Redocly (`recommended`) and Spectral (`spectral:oas`). Prints each finding, then "N findings", then one
// JSON line. The linters are installed into a temporary folder, so this needs a package registry.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { documentOf } from "../../producer/docs/openapi.ts";
import { PARTS, type PartName } from "../../producer/docs/dialects.ts";
import { app } from "../../producer/index.ts";
import { note, print, say } from "../report.ts";
import { runTool } from "../run-tool.ts";

/** @redocly/cli has the MIT license, @stoplight/spectral-cli Apache-2.0. */
const PACKAGE_JSON = {
  private: true,
  dependencies: { "@redocly/cli": "2.77.0", "@stoplight/spectral-cli": "6.16.3" },
};

interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly at: string;
}

const folder = await mkdtemp(join(tmpdir(), "darkroom-documents-"));
try {
  await writeFile(join(folder, "package.json"), JSON.stringify(PACKAGE_JSON));
  await writeFile(join(folder, ".spectral.json"), JSON.stringify({ extends: ["spectral:oas"] }));
  note("installing the linters …");
  const installed = await runTool("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { folder });
  if (!installed.ok) throw new Error(`the linters could not be installed: ${installed.output}`);
  const names = Object.keys(PARTS) as PartName[];
  let total = 0;
  for (const name of names) {
    await writeFile(join(folder, `${name}.json`), JSON.stringify(await documentOf(app, name), null, 2));
    const found = [...(await redocly(name)), ...(await spectral(name))];
    note(`${name}: ${found.length} findings`);
    for (const { rule, message, at } of found) say(`${name}: ${rule}: ${message} (${at})`);
    total += found.length;
  }
  say(`${total} findings in ${names.length} documents`);
  print({ case: "linted documents", value: total, unit: "findings", target: "0" });
  process.exitCode = total === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function redocly(name: string): Promise<readonly Finding[]> {
  const args = ["lint", `${name}.json`, "--extends=recommended", "--format=json"];
  const report = await reportOf("redocly", args, { REDOCLY_TELEMETRY: "off" });
  const { problems } = report as {
    problems: { ruleId: string; message: string; location: { pointer?: string }[] }[];
  };
  return problems.map(({ ruleId, message, location }) => ({
    rule: `redocly ${ruleId}`,
    message,
    at: location[0]?.pointer ?? "",
  }));
}

async function spectral(name: string): Promise<readonly Finding[]> {
  const args = ["lint", `${name}.json`, "--ruleset=.spectral.json", "--format=json", "--quiet"];
  const report = await reportOf("spectral", args);
  return (report as { code: string; message: string; path: (string | number)[] }[]).map(({ code, message, path }) => ({
    rule: `spectral ${code}`,
    message,
    at: path.join("/"),
  }));
}

/** Run a linter and return its report, without the sentences around it. */
async function reportOf(tool: string, args: readonly string[], env = {}): Promise<unknown> {
  const { output } = await runTool(join(folder, "node_modules", ".bin", tool), args, { folder, env });
  const start = output.search(/^[[{]/m);
  const end = Math.max(output.lastIndexOf("]"), output.lastIndexOf("}"));
  try {
    return JSON.parse(output.slice(start, end + 1));
  } catch (error) {
    throw new Error(`${tool} wrote no report: ${output.slice(0, 500)}`, { cause: error });
  }
}
