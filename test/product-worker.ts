import { withAccessCerts } from "./access-door.ts";
import { controlled } from "./controlled.ts";
import { withHeldBatches } from "./held-batches.ts";
import product from "./six-connections-worker.ts";

export default controlled(withAccessCerts(withHeldBatches(product)));
