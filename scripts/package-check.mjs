// Packs Graft as npm would publish it and looks at the result: what is in it, and whether others can use it.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const windows = process.platform === "win32";

/** Runs a command of npm or of node_modules; returns what it printed. */
function run(command, args, stdio) {
  const { status, stdout, error } = spawnSync(command, args, { encoding: "utf8", stdio, shell: windows });
  if (status === 0) return stdout;
  console.error(error === undefined ? `${command} ${args.join(" ")} failed.` : String(error));
  process.exit(1);
}

/** Files that the package may consist of; a test or a stray file is a mistake. */
const allowed =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|schema\/run\.schema\.json|dist\/.+(?<!\.test)\.(js|d\.ts)|dist\/recipe\/export\/html\/page\/page\.(html|css))$/;
const required = [
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
  "schema/run.schema.json",
  "dist/index.js",
  "dist/index.d.ts",
  "dist/cli/main.js",
];

const folder = mkdtempSync(join(tmpdir(), "graft-pack-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
// Without scripts, because `prepack` would build once more.
const output = run(
  "npm",
  ["pack", "--ignore-scripts", "--json", "--loglevel=error", "--pack-destination", folder],
  ["ignore", "pipe", "inherit"],
);
const [{ filename, files, size, unpackedSize }] = Object.values(JSON.parse(output));
const paths = files.map(({ path }) => path);
const wrong = [
  ...paths.filter((path) => !allowed.test(path)).map((path) => `${path} does not belong into the package`),
  ...files
    .filter(({ path, mode }) => mode !== (path === "dist/cli/main.js" ? 0o755 : 0o644))
    .map(({ path, mode }) => `${path} has the permissions ${mode.toString(8)}, which npm run build sets`),
  ...required.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`),
];
if (wrong.length > 0) {
  console.error(`${filename}: ${wrong.join("; ")}.`);
  process.exit(1);
}
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
console.log(`${filename}: ${paths.length} files, ${megabytes(size)}, ${megabytes(unpackedSize)} unpacked`);

const tarball = join(folder, filename);

// The same files give the same package, wherever and whenever it is packed. Permissions, which npm packs as they are, are above.
const copy = join(folder, "another place");
for (const path of [...paths, "package.json"]) cpSync(path, join(copy, path));
for (const name of readdirSync(copy, { recursive: true })) utimesSync(join(copy, name), 1e9, 1e9);
mkdirSync(join(folder, "again"));
const again = spawnSync(
  "npm",
  ["pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", join(folder, "again")],
  { cwd: copy, env: { ...process.env, TZ: "Pacific/Auckland", LC_ALL: "C" }, stdio: "ignore", shell: windows },
);
const read = (path) => readFileSync(path);
if (again.status !== 0 || !read(tarball).equals(read(join(folder, "again", filename)))) {
  console.error(`${filename} is another one when it is packed in another place or at another time.`);
  process.exit(1);
}

run(join("node_modules", ".bin", "publint"), ["run", tarball, "--strict"], "inherit");
run(join("node_modules", ".bin", "attw"), [tarball, "--profile", "esm-only", "--format", "ascii"], "inherit");
