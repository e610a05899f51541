import { readFile } from "node:fs/promises";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** `GET /v1/jobs/{}`: a parameter's name makes no difference. */
export function operationOf(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replaceAll(/\{[^}]*\}/g, "{}")}`;
}

/** What the product says that it can do: its OpenAPI document, or where it serves none the table of docs/api.md. */
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

/** Of a cell such as "`POST /v1/queues/{kind}/pause`, `/resume`". */
function operationsOf(cell: string): readonly string[] {
  const [first, ...others] = [...cell.matchAll(/`([^`]+)`/g)].map(([, call = ""]) => call);
  const [method = "", path = ""] = (first ?? "").split(/[ ?]/);
  if (!METHODS.includes(method.toLowerCase())) return [];
  const more = others.map((other) => {
    const [otherMethod = "", otherPath] = other.split(/[ ?]/);
    // Without a method: another last segment.
    return otherPath === undefined
      ? operationOf(method, path.replace(/\/[^/]+$/, otherMethod))
      : operationOf(otherMethod, otherPath);
  });
  return [operationOf(method, path), ...more];
}
