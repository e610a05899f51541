// Paths and shapes: developers.cloudflare.com/api/resources/vectorize/subresources/indexes/, read 2026-11-29.
import { type Route, match, ok, refusal } from "./route.ts";

export interface VectorIndex {
  readonly name: string;
  readonly config: unknown;
  readonly metadata: { readonly propertyName: string; readonly indexType: string }[];
}

export function createVectorize() {
  const indexes = new Map<string, VectorIndex>();
  const view = ({ name, config }: VectorIndex) => ({
    name,
    config,
    created_on: "2026-11-29",
    modified_on: "2026-11-29",
  });
  const route: Route = ({ method, path }, json) => {
    if (path === "/vectorize/v2/indexes") {
      if (method === "GET") return ok([...indexes.values()].map(view));
      const { name, config } = json() as { name: string; config: unknown };
      if (indexes.has(name)) return refusal(409, 3002, "vectorize.index.duplicate_name");
      indexes.set(name, { name, config, metadata: [] });
      return ok(view({ name, config, metadata: [] }));
    }
    const [name = "", verb] =
      match(path, "/vectorize/v2/indexes/:name/metadata_index/:verb") ??
      match(path, "/vectorize/v2/indexes/:name") ??
      [];
    if (name === "") return undefined;
    const index = indexes.get(name);
    if (index === undefined) return refusal(404, 3000, "vectorize.index.not_found");
    if (verb === undefined) return ok(view(index));
    if (verb === "list") return ok({ metadataIndexes: index.metadata });
    const { propertyName, indexType } = json() as { propertyName: string; indexType: string };
    if (index.metadata.some((one) => one.propertyName === propertyName)) {
      return refusal(409, 3008, "vectorize.metadata_index.duplicate");
    }
    index.metadata.push({ propertyName, indexType });
    return ok({ mutationId: "00000000-0000-0000-0000-000000000000" });
  };
  return { indexes, route };
}
