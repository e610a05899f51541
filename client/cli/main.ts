// `darkroom`: the API from a shell.
import { endOnClosedPipe } from "./output.ts";
import { runCommand } from "./run-command.ts";

endOnClosedPipe();
await runCommand(process.argv.slice(2));
