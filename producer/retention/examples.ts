// What the document's examples show. A test checks each of them against the schemas.

export const RETENTION = { ownerId: "newsroom", days: 90, setAt: "2026-11-30T09:00:45.694Z" };

export const RETENTIONS = { days: 30, retentions: [RETENTION] };

export const RETENTION_REQUEST = { days: 90 };
