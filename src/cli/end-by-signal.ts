/**
 * Ends this process at once, as the signal does to programs that do not catch it. `process.exit` takes threads down one by one,
 * and the engine aborts the process with a message of its own when that happens to one in the middle of a run.
 */
export function endBySignal(signal: "SIGINT" | "SIGPIPE"): void {
  if (process.platform === "win32") {
    // It knows neither of them.
    process.kill(process.pid, "SIGKILL");
    return;
  }
  // Node ignores SIGPIPE, and whoever listens catches the other; when the last listener goes, the system's way is back.
  process.on(signal, () => undefined);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
