import { readFile } from "node:fs/promises";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Write an operation as `GET /v1/jobs/{}`: the names of parameters do not matter. */
export function operationOf(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replaceAll(/\{[^}]*\}/g, "{}")}`;
}

/** Read the operations that the product documents: from its OpenAPI document or, if it serves none, from the table in docs/api.md. */
export async function readDocumented(
  origin: string,
): Promise<{ readonly source: string; readonly operations: ReadonlySet<string> }> {
  const response = await fetch(`${origin}/openapi.json`);
  if (response.ok) {
    const { paths } = await response.json<{ paths: Record<string, Record<string, unknown>> }>();
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      METHODS.filter((method) => method in methods).map((method) => operationOf(method, path)),
    );
    return { source: "/openapi.json", operations: new Set(operations) };
  }
  await response.body?.cancel();
  const text = await readFile("docs/api.md", "utf8");
  const operations = text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => operationsOf(line.split(" | ")[0] ?? ""));
  return { source: "docs/api.md", operations: new Set(operations) };
}

/** Parse a table cell such as "`POST /v1/queues/{kind}/pause`, `/resume`". */
function operationsOf(cell: string): readonly string[] {
  const [first, ...others] = [...cell.matchAll(/`([^`]+)`/g)].map(([, call = ""]) => call);
  const [method = "", path = ""] = (first ?? "").split(/[ ?]/);
  if (!METHODS.includes(method.toLowerCase())) return [];
  const more = others.map((other) => {
    const [otherMethod = "", otherPath] = other.split(/[ ?]/);
    // An entry without a method replaces the last segment.
    return otherPath === undefined
      ? operationOf(method, path.replace(/\/[^/]+$/, otherMethod))
      : operationOf(otherMethod, otherPath);
  });
  return [operationOf(method, path), ...more];
}
