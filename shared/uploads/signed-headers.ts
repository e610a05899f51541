// The headers that a presigned PUT signs. A browser may send a header only if the bucket's CORS rule allows it: `bin/provision`
// writes that rule from this list, and the presigner takes only headers of this list.

/** R2 custom metadata of an object in the inbox. */
export const METADATA_FIELDS = [
  "owner",
  "terms",
  "declared-bytes",
  "kind",
  "options",
  "then",
  "tags",
  "metadata",
  "accepted-types",
  "key-id",
] as const;

export type UploadMetadata = Readonly<Partial<Record<(typeof METADATA_FIELDS)[number], string>>>;

type MetadataHeader = `x-amz-meta-${(typeof METADATA_FIELDS)[number]}`;

/** In lower case. */
export type SignedHeader = "content-type" | "if-none-match" | "x-amz-copy-source-if-match" | MetadataHeader;

export const SIGNED_HEADERS: readonly SignedHeader[] = [
  "content-type",
  "if-none-match",
  "x-amz-copy-source-if-match",
  ...METADATA_FIELDS.map((field): MetadataHeader => `x-amz-meta-${field}`),
];

export type SignedHeaders = Readonly<Partial<Record<SignedHeader, string>>>;

export function metadataHeaders(metadata: UploadMetadata): SignedHeaders {
  const given = METADATA_FIELDS.flatMap((field): [MetadataHeader, string][] => {
    const value = metadata[field];
    return value === undefined ? [] : [[`x-amz-meta-${field}`, value]];
  });
  return Object.fromEntries(given);
}
