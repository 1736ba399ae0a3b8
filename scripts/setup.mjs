// Makes a fresh clone ready: installs the locked packages when they are missing or older than the lock file.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Graft needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

// npm writes this file last, so it is missing when an installation was broken off.
const installed = "node_modules/.package-lock.json";
const fresh = existsSync(installed) && statSync(installed).mtimeMs >= statSync("package-lock.json").mtimeMs;
if (!fresh) {
  console.error("Installing the packages that Graft is built with (about 1.2 GB on disk) …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: "inherit",
    // The engine's install step would fetch CUDA libraries; the engine for the processor is inside its package. It stands here
    // and not in .npmrc, because npm warns at every command of settings that are not its own.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    console.error("npm ci failed. Check the network and the npm configuration (npm config list), then run this again.");
    process.exit(1);
  }
}
