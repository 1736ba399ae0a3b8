#!/usr/bin/env node
// No static imports, and no syntax that Node 14 lacks: an older Node would stop at what it cannot parse, with a stack.

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 20 || (major === 20 && minor >= 19)) {
  // Before all else is read, which takes a moment: what lets the command outlive its window.
  void import("./outlives-window.js").then(() => import("./start.js"));
} else {
  process.stderr.write(
    `Error: graft needs Node 20.19 or newer, and this is Node ${process.versions.node}: install a newer one (nodejs.org).\n`,
  );
  process.exitCode = 2;
}
