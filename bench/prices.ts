// Published prices beyond what a paid plan includes, US dollars a million, read 2026-11-23 on developers.cloudflare.com.

/** /r2/pricing: Standard storage; class A is put, copy, list and multipart, class B get and head; delete is free. */
export const R2_CLASS_A_USD = 4.5;
export const R2_CLASS_B_USD = 0.36;

/** /queues/platform/pricing: an operation is 64 KB written, read or deleted; a retry reads once more. */
export const QUEUE_OPERATION_USD = 0.4;

/** /d1/platform/pricing: every index that a write touches counts as a row more. */
export const D1_ROW_READ_USD = 0.001;
export const D1_ROW_WRITTEN_USD = 1;

/** /workers/platform/pricing; each invocation of a consumer is taken for a request. */
export const WORKER_REQUEST_USD = 0.3;

/** /workers/observability/logs/workers-logs: a line logged is an event, and so is each invocation. */
export const LOG_EVENT_USD = 0.6;

/** /workers-ai/platform/pricing: resnet-50, a picture each. The same for everyone, so not part of the comparison. */
export const RESNET_50_USD = 2.51;
