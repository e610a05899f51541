import product from "../../worker.ts";
import { withAccessCerts } from "../access-door.ts";

/** The product, whose way to the keys of Cloudflare Access leads to a signer of our own. */
export default withAccessCerts(product);
