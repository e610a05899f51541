// The vector index for passages. Wrangler creates neither it nor its metadata indexes from wrangler.jsonc.
import * as z from "zod";

import { byHand, type Found, type Part } from "./part.ts";
import { jsonIn } from "./rows.ts";
import type { Target } from "./target.ts";
import type { Wrangler } from "./wrangler.ts";

/** The dimensions of bge-m3's vectors, which shared/search/ compares by their cosine. */
const DIMENSIONS = 1024;
const METRIC = "cosine";

/** Searches filter passages by these. A property's index covers only vectors written after it exists, so it is created at once. */
const INDEXED_PROPERTIES = ["space", "jobId", "kind"];
const PROPERTY_TYPE = "string";

const Index = z.object({ config: z.object({ dimensions: z.number(), metric: z.string() }) });
const Properties = z.array(z.object({ propertyName: z.string(), indexType: z.string() }));

const MEANWHILE = "Search by meaning does not work.";

/** What the Worker's binding needs; empty while Vectorize is not configured. */
export function indexParts({ passageIndex }: Target): readonly Part[] {
  if (passageIndex === null) return [];
  const list = once(async (wrangler) => wrangler.look("vectorize", "list-metadata-index", passageIndex, "--json"));
  return [
    {
      name: `the Vectorize index '${passageIndex}'`,
      find: async (wrangler) => findIndex(wrangler, passageIndex),
      command: ["vectorize", "create", passageIndex, `--dimensions=${DIMENSIONS}`, `--metric=${METRIC}`],
      meanwhile: MEANWHILE,
    },
    ...INDEXED_PROPERTIES.map((property) => ({
      name: `the metadata index '${property}' of '${passageIndex}'`,
      find: async (wrangler: Wrangler) => findProperty(await list(wrangler), passageIndex, property),
      command: [
        "vectorize",
        "create-metadata-index",
        passageIndex,
        `--propertyName=${property}`,
        `--type=${PROPERTY_TYPE}`,
      ],
      meanwhile: MEANWHILE,
    })),
  ];
}

async function findIndex(wrangler: Wrangler, name: string): Promise<Found> {
  const { ok, stdout } = await wrangler.look("vectorize", "get", name, "--json");
  if (!ok) return { state: "missing" };
  const config = jsonIn(stdout, Index)?.config;
  if (config?.dimensions === DIMENSIONS && config.metric === METRIC) return { state: "there" };
  const is =
    config === undefined ? "wrangler does not say which it has" : `it has ${config.dimensions} and '${config.metric}'`;
  return {
    state: "different",
    how: `vectors need ${DIMENSIONS} dimensions and the metric '${METRIC}'; ${is}.`,
    todo: `Neither can be changed. Give PASSAGES another index_name in wrangler.jsonc, or delete this one with its vectors (${byHand(["vectorize", "delete", name])}). Then run this again.`,
  };
}

function findProperty({ stdout }: { stdout: string }, index: string, property: string): Found {
  const found = jsonIn(stdout, Properties)?.find(({ propertyName }) => propertyName === property);
  if (found === undefined) return { state: "missing" };
  if (found.indexType.toLowerCase() === PROPERTY_TYPE) return { state: "there" };
  return {
    state: "different",
    how: `its type is '${found.indexType}', but searches need '${PROPERTY_TYPE}'.`,
    todo: `Delete it (${byHand(["vectorize", "delete-metadata-index", index, `--propertyName=${property}`])}), then run this again. Searches will not find the vectors written before that: see docs/operations.md, Searches use only words.`,
  };
}

/** Several parts read the same list. */
function once<T>(read: (wrangler: Wrangler) => Promise<T>): (wrangler: Wrangler) => Promise<T> {
  let answer: Promise<T> | undefined;
  return (wrangler) => (answer ??= read(wrangler));
}
