import * as z from "zod";

import type { OutputShape, ReplicateModel } from "../../shared/replicate/models.ts";
import { schemaOf } from "./inputs.ts";

/** When the catalogue of models was read, which is the nearest known date to the creation of a version. */
const CREATED_AT = "2026-11-23T00:00:00.000Z";

/** A version of Cog that describes its outputs as `OUTPUTS` does. Python's client compares it. */
const COG_VERSION = "0.16.0";

const text = { type: "string" } as const;
const OUTPUTS: Readonly<Record<OutputShape, object>> = {
  files: { type: "array", items: { type: "string", format: "uri" } },
  speech: {
    type: "object",
    properties: {
      detected_language: text,
      transcription: text,
      translation: { ...text, nullable: true },
      segments: { type: "array", items: { type: "object" } },
      srt_file: { ...text, nullable: true },
      txt_file: { ...text, nullable: true },
    },
  },
  labels: {
    type: "array",
    items: { type: "object", required: ["label", "score"], properties: { label: text, score: { type: "number" } } },
  },
};

/** Inputs that are addresses of files. */
const FILES: ReadonlySet<string> = new Set(["audio", "image"]);

/** Return a model's one version as Replicate shows it. Clients read the inputs in its `openapi_schema`. */
export function versionView(model: ReplicateModel) {
  return {
    id: model.version,
    created_at: CREATED_AT,
    cog_version: COG_VERSION,
    openapi_schema: {
      openapi: "3.0.2",
      info: { title: "Cog", version: "0.1.0" },
      paths: {},
      components: {
        schemas: { Input: inputSchema(model), Output: { title: "Output", ...OUTPUTS[model.output] } },
      },
    },
  };
}

function inputSchema(model: ReplicateModel): object {
  const { properties = {}, required = [] } = z.toJSONSchema(schemaOf(model), { io: "input", target: "openapi-3.0" });
  const shown = Object.entries(properties).map(([name, schema], index) => {
    const about = typeof schema === "object" ? schema : {};
    const words = name.replaceAll("_", " ");
    const title = words.charAt(0).toUpperCase() + words.slice(1);
    return [name, { ...about, title, "x-order": index, ...(FILES.has(name) && { format: "uri" }) }];
  });
  return { type: "object", title: "Input", required, properties: Object.fromEntries(shown) };
}
