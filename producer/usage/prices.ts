// The prices of operations beyond those that a paid plan includes. The prices of models are in models.ts.

/** The price of an operation that is billed by count. */
export interface OperationPrice {
  readonly usdPerMillion: number;
  readonly source: string;
  readonly asOf: string;
}

const asOf = "2026-11-23";
const R2 = { source: "developers.cloudflare.com/r2/pricing", asOf };
const QUEUES = { source: "developers.cloudflare.com/queues/platform/pricing", asOf };
const D1 = { source: "developers.cloudflare.com/d1/platform/pricing", asOf };

/** $0.50 per 1,000 unique transformations a month, beyond 5,000. Every picture that a job sends is one. */
const IMAGES = { usdPerMillion: 500, source: "developers.cloudflare.com/images/pricing", asOf: "2026-11-30" };

export const OPERATION_PRICES = {
  /** put, copy, list and multipart calls (Standard storage). delete is free. */
  r2ClassA: { usdPerMillion: 4.5, ...R2 },
  /** get and head. */
  r2ClassB: { usdPerMillion: 0.36, ...R2 },
  /** Each 64 KB that are written, read or deleted. A retry is another read. */
  queueOperations: { usdPerMillion: 0.4, ...QUEUES },
  d1RowsRead: { usdPerMillion: 0.001, ...D1 },
  /** Every index that a write touches counts as another row. */
  d1RowsWritten: { usdPerMillion: 1, ...D1 },
  imageTransformations: IMAGES,
  /** Each invocation of a consumer is assumed to be a request. */
  workerRequests: { usdPerMillion: 0.3, source: "developers.cloudflare.com/workers/platform/pricing", asOf },
  /** Each logged line is an event, and so is each invocation. */
  logEvents: { usdPerMillion: 0.6, source: "developers.cloudflare.com/workers/observability/logs/workers-logs", asOf },
} as const satisfies Record<string, OperationPrice>;

export type Operation = keyof typeof OPERATION_PRICES;

/** The cost of operations in millionths of a US dollar. One operation costs a few of them, or less than one. */
export function operationMicroUsd(operation: Operation, quantity: number): number {
  return Number((OPERATION_PRICES[operation].usdPerMillion * quantity).toFixed(6));
}
