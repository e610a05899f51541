import { adviceFor, reasonIn } from "./refusals.ts";
import { PRODUCTION, quoted, type Wrangler } from "./wrangler.ts";

/** What the account has in place of a part. */
export type Found =
  | { readonly state: "missing" }
  /** `note` names a requested setting that can no longer be changed. */
  | { readonly state: "there"; readonly note?: string }
  /** Something of the same kind exists instead. `how` says what differs, `todo` what a person has to do. */
  | { readonly state: "different"; readonly how: string; readonly todo: string };

/** Something in the account that Darkroom needs. */
export interface Part {
  /** The subject of a sentence, such as "the notification rule of 'darkroom-media'". */
  readonly name: string;
  /** A part that cannot be read counts as missing: the attempt to create it shows the reason. */
  readonly find: (wrangler: Wrangler) => Promise<Found>;
  /** The command that creates it, and does no harm if it exists. */
  readonly command: readonly string[];
  /** What is true until it exists. */
  readonly meanwhile: string;
}

/** Leave a part that exists, create one that is missing, and report one that differs. Returns whether it exists now. */
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
  console.warn(`warning: could not create ${name}: ${reasonIn(output)}`);
  if (advice !== null) console.warn(`  ${advice}`);
  console.warn(`  ${meanwhile}`);
  console.warn(`  To create it by hand: ${byHand(command)}`);
}

/** Write one of wrangler's commands for production, for a person to type. */
export function byHand(command: readonly string[]): string {
  return `npx wrangler ${[...command, PRODUCTION].map(quoted).join(" ")}`;
}
