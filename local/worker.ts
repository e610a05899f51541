// Darkroom on this machine (`env.local` in wrangler.jsonc): the same Worker, behind a broker that runs several batches at once.
import darkroom from "../worker.ts";
import { withSeveralBatches } from "./several-batches.ts";

export default withSeveralBatches(darkroom);
