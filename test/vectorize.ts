// Vectorize has no simulator, so this replaces its binding, and nothing else: D1 is the real one. It
// refuses what the platform is known to refuse, and compares vectors in the same way.
import { dot, unit } from "../shared/search/vector.ts";

export function standInForVectorize() {
  const stored = new Map<string, VectorizeVector>();
  const calls: { readonly name: "upsert" | "deleteByIds" | "query"; readonly size: number }[] = [];
  const asked: VectorizeQueryOptions[] = [];

  const binding = {
    async upsert(vectors: VectorizeVector[]) {
      calls.push({ name: "upsert", size: vectors.length });
      refuse(vectors.length > 1000, "too many vectors in payload; max is 1000");
      for (const vector of vectors) {
        refuse(bytes(vector.id) > 64, `id is too long: ${vector.id}`);
        refuse(bytes(vector.namespace ?? "") > 64, `namespace is too long: ${vector.namespace}`);
        refuse(bytes(JSON.stringify(vector.metadata)) > 10_240, "metadata is too large");
        stored.set(vector.id, vector);
      }
      return { mutationId: "m" };
    },
    async deleteByIds(ids: string[]) {
      calls.push({ name: "deleteByIds", size: ids.length });
      refuse(ids.length > 100, `40007: too many ids in payload; max id count is 100, got ${ids.length}`);
      for (const id of ids) stored.delete(id);
      return { mutationId: "m" };
    },
    async query(vector: number[], options: VectorizeQueryOptions) {
      calls.push({ name: "query", size: options.topK ?? 5 });
      asked.push(options);
      const isLean = options.returnValues !== true && options.returnMetadata === "none";
      refuse((options.topK ?? 5) > (isLean ? 100 : 50), "max top K is exceeded");
      const wanted = unit(Float32Array.from(vector));
      const matches = [...stored.values()]
        .filter(({ namespace }) => namespace === options.namespace)
        .filter(({ metadata }) =>
          Object.entries(options.filter ?? {}).every(([key, value]) => metadata?.[key] === value),
        )
        .map(({ id, values }) => ({ id, score: dot(wanted, unit(Float32Array.from(values))) }))
        .toSorted((a, b) => b.score - a.score)
        .slice(0, options.topK);
      return { matches, count: matches.length };
    },
  };
  return { binding: binding as unknown as Vectorize, stored, calls, asked };
}

function refuse(isRefused: boolean, message: string): void {
  if (isRefused) throw new Error(`VECTORIZE: ${message}`);
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
