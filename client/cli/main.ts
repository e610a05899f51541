// `darkroom`: the command line for the API.
import { endOnClosedPipe } from "./output.ts";
import { runCommand } from "./run-command.ts";

endOnClosedPipe();
await runCommand(process.argv.slice(2));
