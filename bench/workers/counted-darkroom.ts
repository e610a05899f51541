import darkroom from "../../worker.ts";
import { countCalls } from "./count-calls.ts";

export default countCalls<Env, unknown>(darkroom);
