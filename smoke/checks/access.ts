import { DarkroomError } from "../../client/index.ts";
import { type Check, Failure, pass } from "../check.ts";

const ADVICE: Readonly<Record<string, string>> = {
  network_error: "Set DARKROOM_URL to the address that `npm run deploy` printed; offline, run npm start first.",
  unauthorized: "Set DARKROOM_API_KEY to a key of the operator; bin/provision creates one if there is none.",
  insufficient_scope: "Create a key with every scope: POST /v1/keys.",
  unavailable: "Apply the migrations: docs/operations.md, A migration was not applied.",
};

/** Whether Darkroom answers, and the key is an admin key of the operator. */
export const access: Check = {
  name: "access",
  async run({ client, baseUrl }) {
    try {
      await client.health();
      await client.keys.list({ limit: 1 }).page();
      await client.webhooks.list({ limit: 1 }).page();
      const { scope } = await client.queues.get();
      if (scope !== "all") {
        throw new Failure(
          "The key is an admin key, but it does not belong to the operator.",
          "Use a key whose owner is OPERATOR_ID.",
        );
      }
    } catch (error) {
      if (!(error instanceof DarkroomError)) throw error;
      const todo = ADVICE[error.code] ?? 'Is that address Darkroom\'s? GET /healthz answers {"status":"ok"} there.';
      throw new Failure(`${error.code}: ${error.detail}`, todo);
    }
    return pass(`${baseUrl} and its database answer, and the key is an admin key of the operator.`);
  },
};
