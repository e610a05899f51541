// What the document's examples show. A test checks each of them against the schemas.

const UPLOAD = {
  id: "3750ab30-91ba-4035-bcf2-e11a05b17e6c",
  key: "inbox/uploads/3750ab30-91ba-4035-bcf2-e11a05b17e6c/lecture.mp3",
  state: "pending",
  sizeBytes: 48200000,
  expiresAt: "2026-12-01T09:00:48.514Z",
  complete: "https://darkroom.example.com/v1/uploads/3750ab30-91ba-4035-bcf2-e11a05b17e6c/complete",
  abort: "https://darkroom.example.com/v1/uploads/3750ab30-91ba-4035-bcf2-e11a05b17e6c",
};

export const ANNOUNCED = {
  upload: {
    ...UPLOAD,
    method: "single",
    url: "https://account.r2.cloudflarestorage.com/darkroom-media/inbox/uploads/3750ab30-91ba-4035-bcf2-e11a05b17e6c/lecture.mp3?X-Amz-Expires=86400&X-Amz-Signature=5219e1329af4ac2a5af91bce309c889e74c1fe09a7440960565520fabab683c8",
    headers: { "content-type": "audio/mpeg", "if-none-match": "*" },
  },
};

export const PENDING = {
  upload: {
    ...UPLOAD,
    method: "multipart",
    partSizeBytes: 16777216,
    storedParts: [{ number: 1, etag: '"7b01c6de4f1fd8a2ae1fd3d7b45a1a5f"' }],
  },
};

export const SIGNED_PARTS = {
  upload: {
    ...UPLOAD,
    method: "multipart",
    partSizeBytes: 16777216,
    headers: { "x-amz-copy-source-if-match": '"no-copies"' },
    parts: [
      {
        number: 2,
        url: "https://account.r2.cloudflarestorage.com/darkroom-media/inbox/uploads/3750ab30-91ba-4035-bcf2-e11a05b17e6c/lecture.mp3?partNumber=2&X-Amz-Signature=5219e1329af4ac2a5af91bce309c889e74c1fe09a7440960565520fabab683c8",
        sizeBytes: 16777216,
      },
    ],
  },
};

export const ANNOUNCE_REQUEST = {
  name: "lecture.mp3",
  sizeBytes: 48200000,
  contentType: "audio/mpeg",
  kind: "transcription",
  tags: ["physics"],
};

export const SIGN_REQUEST = { numbers: [2] };

export const STORED_PARTS = { parts: [{ number: 1, etag: '"7b01c6de4f1fd8a2ae1fd3d7b45a1a5f"' }] };

export const UPLOADS = {
  uploads: [
    {
      key: "inbox/uploads/056395b32b1a4863ac1376972b6b0e9c/standup.mp3",
      etag: "6dd9406a5668b914f8e26b89dce2b0ec",
      sizeBytes: 182300,
      jobId: "job_fe4c565702410e95592464439bf2c09c",
      ignoredReason: null,
      createdAt: "2026-11-30T09:00:04.716Z",
    },
  ],
};
