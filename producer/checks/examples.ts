// What the document's examples show. A test checks each of them against the schemas.

export const CHECKS = {
  checks: [
    {
      name: "presigned_uploads",
      state: "ok",
      detail: "Uploads of more than 100 MB go directly into the bucket in parts, and can be resumed.",
      commands: [],
    },
  ],
};
