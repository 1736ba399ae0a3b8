import { milliseconds } from "../clock.js";
import type { Figure, Measured } from "../figures.js";
import { vgg16Classifier } from "../networks/classifier.js";
import type { Row } from "../row.js";
import { installTfjs, type TfjsLine, tfjsVersion } from "../tfjs.js";
import { randomBatch } from "./steps.js";

const few = { warmUps: 2, count: 7 };
const usualBatch = 20;

/** The work, under the names that bench/tfjs/vgg16.mjs uses. */
type Work = "forward" | "step";
const names: Readonly<Record<Work, string>> = {
  forward: "VGG16 150 forward",
  step: "VGG16 150, step of block 5 and head",
};

type Graft = (work: Work, photos: number) => Promise<Measured>;

/** Graft's time for the same work on a batch of the same shape; each is measured once. */
async function graft(): Promise<Graft> {
  const model = await vgg16Classifier(null, "block5");
  const known = new Map<string, Promise<Measured>>();
  const measure = (work: Work, photos: number): Promise<Measured> => {
    const { x, y } = randomBatch(150, photos);
    return milliseconds(() => (work === "step" ? model.trainOnBatch(x, y) : model.predictOnBatch(x)), few);
  };
  return (work, photos) => {
    const key = `${work} ${photos}`;
    const time = known.get(key) ?? measure(work, photos);
    known.set(key, time);
    return time;
  };
}

/** How TensorFlow.js came to its number, or why it has none; and for single photos what Graft makes of full batches. */
function note({ photos, threads, simd, time, error }: TfjsLine, inBatches: Measured): string {
  const peer = `TensorFlow.js ${tfjsVersion}`;
  if (time === undefined) return `${peer} cannot do it: ${error ?? "no reason given"}.`;
  const calls = time.median === undefined ? "one call, not repeated" : "best of 3 calls";
  const how = `${peer}: ${threads ? "several threads" : "one thread"}${simd ? " with SIMD" : ""}, ${calls}.`;
  if (photos === usualBatch) return how;
  const each = inBatches.best / usualBatch;
  return (
    `${how} In batches of ${usualBatch} Graft takes ${each.toFixed(1)} ms a photo, ` +
    `a share of ${(each / (time.best / photos)).toPrecision(2)}.`
  );
}

export const tfjsRow: Row = {
  name: "tfjs",
  about: "VGG16's forward pass and training step beside TensorFlow.js, its wasm and cpu backends (minutes)",
  peer: "tfjs",
  async run() {
    const tfjs = installTfjs();
    try {
      const own = await graft();
      const figures: Figure[] = [];
      for (const backend of ["wasm", "cpu"]) {
        for (const line of tfjs.run("vgg16.mjs", [backend])) {
          const work = line.work as Work;
          const values = { Graft: await own(work, line.photos) };
          figures.push({
            what: `${names[work]}, ${line.photos === 1 ? "1 photo" : `batch ${line.photos}`}: ${backend}`,
            unit: "ms",
            values: line.time === undefined ? values : { ...values, "TensorFlow.js": line.time },
            note: note(line, await own(work, usualBatch)),
          });
        }
      }
      return figures;
    } finally {
      tfjs.remove();
    }
  },
};
