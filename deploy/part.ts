import { adviceFor, reasonIn } from "./refusals.ts";
import { PRODUCTION, quoted, type Wrangler } from "./wrangler.ts";

/** What the account has of a part. */
export type Found =
  | { readonly state: "missing" }
  /** `note` says what was asked for and cannot be changed any more. */
  | { readonly state: "there"; readonly note?: string }
  /** Something of the same kind is in its place. `how` says what differs, `todo` what a person does about it. */
  | { readonly state: "different"; readonly how: string; readonly todo: string };

/** Something of the account's that Darkroom needs. */
export interface Part {
  /** As a sentence's subject: "the notification rule of 'darkroom-media'". */
  readonly name: string;
  /** What cannot be read counts as missing: making it then says why. */
  readonly find: (wrangler: Wrangler) => Promise<Found>;
  /** The command that makes it, and does no harm where it exists. */
  readonly command: readonly string[];
  /** What holds until it is there. */
  readonly meanwhile: string;
}

/** Leave a part that is there, make one that is missing, and name one that differs. @returns whether it is there now. */
export async function ensure(part: Part, wrangler: Wrangler): Promise<boolean> {
  const found = await part.find(wrangler);
  switch (found.state) {
    case "there":
      console.log(`# there already: ${part.name}${found.note === undefined ? "" : ` (${found.note})`}`);
      return true;
    case "different":
      console.warn(`warning: ${part.name} is not as it must be: ${found.how}`);
      console.warn(`  ${found.todo}`);
      console.warn(`  ${part.meanwhile}`);
      return false;
    case "missing": {
      const made = await wrangler.make(...part.command);
      if (!made.ok) warn(part, made.output);
      return made.ok;
    }
  }
}

function warn({ name, command, meanwhile }: Part, output: string): void {
  const advice = adviceFor(output);
  console.warn(`warning: could not make ${name}: ${reasonIn(output)}`);
  if (advice !== null) console.warn(`  ${advice}`);
  console.warn(`  ${meanwhile}`);
  console.warn(`  To make it by hand: ${byHand(command)}`);
}

/** A command of wrangler's on production, to be typed. */
export function byHand(command: readonly string[]): string {
  return `npx wrangler ${[...command, PRODUCTION].map(quoted).join(" ")}`;
}
