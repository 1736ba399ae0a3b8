/**
 * Measures Graft, and with `--peer keras`, `--peer tfjs`, `--peer torch` or several (`keras,tfjs`) these beside it.
 *
 *     npm run bench -- [--only NAME,NAME…] [--peer keras,tfjs,torch] [--json]
 *         [--base-dir DIR] [--recipe-dir DIR] [--weights FILE.h5] [--network FILE.onnx]
 *
 * The table goes to stdout, with `--json` one JSON object a row instead; what happens goes to stderr. Each row runs in a
 * process of its own. DIR has `train` and `validation` with one folder per class, that of
 * the row `recipe` any folder that `graft train` takes; FILE.h5 is Keras's VGG16 without its top,
 * FILE.onnx a MobileNetV2 without its top. By default they are looked for in a folder `shared` beside the clone. Keras is
 * run by the interpreter that the environment variable GRAFT_KERAS_PYTHON names (default python3). TensorFlow.js has a row
 * of its own, `tfjs`: npm installs it into a temporary folder, which is removed afterwards. So has PyTorch, `torch-steps`, run by the
 * interpreter that GRAFT_TORCH_PYTHON names.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { figureLine, type Figure } from "./figures.js";
import { Missing, peers, type Row, type Settings } from "./row.js";
import { epochsRow } from "./rows/epochs.js";
import { peakRow } from "./rows/peak.js";
import { predictRow } from "./rows/predict.js";
import { recipeRow } from "./rows/recipe.js";
import { serveMemoryRow, serveRow } from "./rows/serve.js";
import { referenceJobRow } from "./rows/reference-job.js";
import { streamingRow } from "./rows/streaming.js";
import { stepsRow } from "./rows/steps.js";
import { tfjsRow } from "./rows/tfjs.js";
import { torchStepsRow } from "./rows/torch-steps.js";
import { trainRow } from "./rows/train.js";

const rows: readonly Row[] = [
  peakRow,
  referenceJobRow,
  stepsRow,
  tfjsRow,
  torchStepsRow,
  predictRow,
  serveRow,
  serveMemoryRow,
  streamingRow,
  epochsRow,
  trainRow,
  recipeRow,
];

/** A file beside the clone; a URL's path has no backslashes that would have to be doubled. */
function shared(path: string): string {
  return fileURLToPath(new URL(`../../shared/${path}`, import.meta.url));
}

const { values: flags } = parseArgs({
  options: {
    only: { type: "string" },
    peer: { type: "string" },
    json: { type: "boolean", default: false },
    "base-dir": { type: "string", default: shared("data/cats-vs-dogs-small") },
    "recipe-dir": { type: "string", default: shared("data/oxford-flowers12") },
    weights: { type: "string", default: shared("weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5") },
    network: { type: "string", default: shared("weights/mobilenetv2-imagenet-notop.onnx") },
  },
});

const asked = flags.peer?.split(",") ?? [];
const unknownPeers = asked.filter((name) => !peers.some((peer) => peer === name));
const usual = rows.filter(({ peer }) => peer === undefined || asked.includes(peer));
const names = flags.only?.split(",") ?? usual.map(({ name }) => name);
const chosen = names.flatMap((name) => rows.find((row) => row.name === name) ?? []);
if (chosen.length < names.length || unknownPeers.length > 0) {
  console.error("Usage: npm run bench -- [--only NAME,NAME…] [--peer keras,tfjs,torch] [--json], with NAME one of");
  for (const { name, about } of rows) console.error(`  ${name.padEnd(12)} ${about}`);
  process.exit(2);
}

const settings: Settings = {
  baseDir: flags["base-dir"],
  recipeDir: flags["recipe-dir"],
  weights: flags.weights,
  network: flags.network,
  keras: asked.includes("keras"),
};

/** Measures one row here. */
async function measure({ name, run }: Row): Promise<void> {
  console.error(`Measuring ${name} …`);
  let figures: readonly Figure[];
  try {
    figures = await run(settings);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(`${name} is left out. ${error.message}`);
    process.exitCode = 1;
    return;
  }
  if (flags.json) console.log(JSON.stringify({ row: name, figures }));
  else for (const figure of figures) console.log(figureLine(figure));
}

const [first, ...others] = chosen;
if (first !== undefined && others.length === 0) {
  await measure(first);
} else {
  for (const { name } of chosen) {
    // What one row leaves in memory, threads and caches must not slow the next one down.
    const args = [...process.execArgv, ...process.argv.slice(1), "--only", name];
    const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
    if (status !== 0) process.exitCode = 1;
  }
}
