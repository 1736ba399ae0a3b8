// Writes dist/ anew. It is built beside and renamed, so that whoever uses the old one has all of it to the end, and a
// build that fails leaves it as it was.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";

// npm packs permissions as they are: a package must not depend on what its builder lets others read.
process.umask(0o022);
for (const path of ["package.json", "README.md", "LICENSE", "CHANGELOG.md"]) chmodSync(path, 0o644);

const built = `dist.${process.pid}.tmp`;
const removing = { recursive: true, force: true };

process.on("exit", () => rmSync(built, removing));
const { status } = spawnSync(
  process.execPath,
  ["node_modules/typescript/bin/tsc", "--project", "tsconfig.build.json", "--outDir", built],
  { stdio: "inherit" },
);
if (status !== 0) process.exit(1);
chmodSync(`${built}/cli/main.js`, 0o755);
// Pages are written of these; they run in browsers, and the compiler has nothing to do with them.
const page = "recipe/export/html/page";
mkdirSync(`${built}/${page}`, { recursive: true });
for (const name of readdirSync(`src/${page}`)) {
  copyFileSync(`src/${page}/${name}`, `${built}/${page}/${name}`);
  chmodSync(`${built}/${page}/${name}`, 0o644);
}
rmSync("dist", removing);
renameSync(built, "dist");
