import { basename } from "node:path";
import { ignoresHangup } from "../files/process-mark.js";

/**
 * Whether somebody has started the command so that it ignores SIGHUP, as `nohup` does: Node takes that back for itself, and a window that is closed
 * would stop the training all the same. Shells say in `_` what they have started; of a script that `nohup` has started they say the
 * script's commands, but such a script ignores SIGHUP itself, and what it starts would.
 */
export const outlivesWindow = basename(process.env["_"] ?? "") === "nohup" || ignoresHangup(process.ppid);

if (outlivesWindow) process.on("SIGHUP", () => undefined);
