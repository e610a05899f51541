import type { generateSpecs } from "hono-openapi";

/** A document of OpenAPI 3.1. */
export type Document = Awaited<ReturnType<typeof generateSpecs>>;
