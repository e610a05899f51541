import { adviceFor, reasonIn } from "./refusals.ts";
import { PRODUCTION, quoted, type Wrangler } from "./wrangler.ts";

/** Something of the account's that Darkroom needs. */
export interface Part {
  /** As a sentence's subject: "the notification rule of 'darkroom-media'". */
  readonly name: string;
  /** Whether it is there as it should be. */
  readonly isThere: (wrangler: Wrangler) => Promise<boolean>;
  /** The command that makes it, and does no harm where it exists. */
  readonly command: readonly string[];
  /** What holds until it is there. */
  readonly meanwhile: string;
}

/** Leave a part that is there, and make one that is not. @returns whether it is there now. */
export async function ensure(part: Part, wrangler: Wrangler): Promise<boolean> {
  if (await part.isThere(wrangler)) {
    console.log(`# there already: ${part.name}`);
    return true;
  }
  const made = await wrangler.make(...part.command);
  if (!made.ok) warn(part, made.output);
  return made.ok;
}

function warn({ name, command, meanwhile }: Part, output: string): void {
  const advice = adviceFor(output);
  console.warn(`warning: could not make ${name}: ${reasonIn(output)}`);
  if (advice !== null) console.warn(`  ${advice}`);
  console.warn(`  ${meanwhile}`);
  console.warn(`  To make it by hand: npx wrangler ${[...command, PRODUCTION].map(quoted).join(" ")}`);
}
