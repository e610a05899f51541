import * as z from "zod";

import { Time } from "../http/time.ts";
import { LINK_TARGETS } from "./requests.ts";

/** An address that does not require an API key. */
export const SignedLink = z
  .object({
    to: z.enum(LINK_TARGETS),
    name: z.string().optional().describe("the name of the artifact"),
    url: z.string(),
    expiresAt: Time.describe(
      "when the link expires; it ends earlier if its key is revoked, or if the person who signed it may no longer sign in",
    ),
  })
  .meta({ id: "SignedLink" });
export type SignedLink = z.infer<typeof SignedLink>;

export const SignedLinks = z.object({ links: z.array(SignedLink) }).meta({ id: "SignedLinks" });
export type SignedLinks = z.infer<typeof SignedLinks>;
