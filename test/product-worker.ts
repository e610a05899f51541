import { controlled } from "./controlled.ts";
import product from "./six-connections-worker.ts";

export default controlled(product);
