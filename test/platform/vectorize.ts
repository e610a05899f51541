// Paths and bodies: wrangler 4.164.0 (src/vectorize/client.ts) and
// developers.cloudflare.com/api/resources/vectorize/subresources/indexes/. Reported in logs of several projects, with these
// texts: 3000 and 3002. Reported once: that a second metadata index of a property is accepted.
import { type Route, match, ok, refusal } from "./route.ts";

export interface VectorIndex {
  readonly name: string;
  readonly config: { readonly dimensions: number; readonly metric: string };
  metadata: readonly Property[];
}

interface Property {
  readonly propertyName: string;
  readonly indexType: string;
}

const MUTATION = { mutationId: "00000000-0000-0000-0000-000000000000" };

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
      const { name, config } = json() as unknown as Pick<VectorIndex, "name" | "config">;
      if (indexes.has(name)) return refusal(409, 3002, `vectorize.index.duplicate_name - Index name "${name}"`);
      indexes.set(name, { name, config, metadata: [] });
      return ok(view({ name, config, metadata: [] }));
    }
    const [name = "", verb] =
      match(path, "/vectorize/v2/indexes/:name/metadata_index/:verb") ??
      match(path, "/vectorize/v2/indexes/:name") ??
      [];
    if (name === "") return undefined;
    const index = indexes.get(name);
    if (index === undefined) return refusal(404, 3000, `vectorize.index.not_found - Index name "${name}"`);
    if (verb === undefined) {
      if (method === "DELETE") indexes.delete(name);
      return ok(method === "DELETE" ? null : view(index));
    }
    if (verb === "list") return ok({ metadataIndexes: index.metadata });
    const property = json() as unknown as Property;
    const others = index.metadata.filter(({ propertyName }) => propertyName !== property.propertyName);
    index.metadata = verb === "create" ? [...others, property] : others;
    return ok(MUTATION);
  };
  return { indexes, route };
}
