import { countCalls } from "./count-calls.ts";
import tutorial from "./tutorial.ts";

export default countCalls(tutorial);
