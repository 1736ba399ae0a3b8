// Type-checks everything, then writes dist/ anew.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";

function tsc(...options) {
  const { status } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", ...options], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

tsc("--project", "tsconfig.json");
rmSync("dist", { recursive: true, force: true });
tsc("--project", "tsconfig.build.json");
if (existsSync("dist/cli/main.js")) chmodSync("dist/cli/main.js", 0o755);
