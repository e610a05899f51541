// What the document's examples show. A test checks each of them against the schemas.

export const LINKS_REQUEST = { links: [{ to: "audio" }], expiresInSeconds: 3600 };

export const LINKS = {
  links: [
    {
      to: "audio",
      url: "https://darkroom.example.com/signed/jobs/job_fe4c565702410e95592464439bf2c09c/audio?expires=1796032888&by=k5849e0b6923ef46f&signature=8dac72eb6ece8214a182ee3d7b1bef663a7b5601ac915f7875473a50eff5c866",
      expiresAt: "2026-11-30T10:01:28.000Z",
    },
  ],
};
