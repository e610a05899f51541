import product from "../../worker.ts";
import { withAccessCerts } from "../access-door.ts";

/** The product, with the keys of Cloudflare Access from our own signer. */
export default withAccessCerts(product);
