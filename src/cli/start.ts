import { endBySignal } from "./end-by-signal.js";
import { endProcess } from "./end-process.js";
import { jobParts } from "../hosts/node/job-parts.js";
import { outlivesWindow } from "./outlives-window.js";
import { readAll } from "./read-all.js";
import { run } from "./run.js";
import { openStreams } from "./streams.js";

/** Signals by which a job is stopped. */
const stopping = outlivesWindow ? (["SIGINT", "SIGTERM"] as const) : (["SIGINT", "SIGTERM", "SIGHUP"] as const);

const streams = openStreams();
let leavesBehind = false;

const exitCode = await run(process.argv.slice(2), {
  stdout: streams.stdout,
  stderr: streams.stderr,
  goOnUnread: () => {
    streams.goOnUnread();
  },
  readInput: () => readAll(process.stdin),
  env: process.env,
  now: () => Date.now(),
  elapsed: () => performance.now(),
  parts: jobParts,
  serve: async (request, context) => (await import("../server/serve.js")).serve(request, context),
  onInterrupt(listener) {
    // A closed terminal and a system that shuts down want the same as Ctrl+C.
    for (const signal of stopping) process.on(signal, listener);
    return () => {
      for (const signal of stopping) process.off(signal, listener);
    };
  },
  leaveBehind: () => {
    leavesBehind = true;
  },
  endNow: () => {
    endBySignal("SIGINT");
  },
});
await streams.end(exitCode);
// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- the command has set it
if (leavesBehind) await endProcess(exitCode);
