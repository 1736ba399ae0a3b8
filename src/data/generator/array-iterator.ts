import { ShapeError, UsageError } from "../../errors/errors.js";
import { platform } from "../../models/platform.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { checkTensor, type Tensor } from "../../runtime/runtime.js";
import { BatchIterator, type WeightedBatch } from "./batch-iterator.js";
import { toFloat32Array } from "./float32-array.js";
import { checkIteratorOptions, type IteratorOptions, iteratorOptionNames, subsetOf } from "./flow-options.js";
import { checkOptionNames } from "../../errors/check.js";
import type { PixelSteps } from "./pixel-steps.js";

/** Options of `flow`; names, meaning and defaults are Keras's. */
export interface FlowOptions extends IteratorOptions {
  /** How much each sample counts in the loss, `[samples]`; default 1. */
  readonly sampleWeight?: Tensor | null;
  /** Whether the two subsets may hold different classes; default false. */
  readonly ignoreClassSplit?: boolean;
}

/** Rows of an array that belong to some of its samples. */
class Rows {
  private readonly data: Float32Array;
  private readonly sample: readonly number[];
  private readonly size: number;

  constructor(tensor: Tensor) {
    this.data = toFloat32Array(tensor);
    this.sample = tensor.dims.slice(1);
    this.size = this.sample.reduce((product, extent) => product * extent, 1);
  }

  /** One sample's values. */
  row(key: number): Float32Array {
    return this.data.subarray(key * this.size, (key + 1) * this.size);
  }

  of(keys: readonly number[]): TensorData<"float32"> {
    const data = new Float32Array(keys.length * this.size);
    keys.forEach((key, row) => {
      data.set(this.row(key), row * this.size);
    });
    return float32(data, [keys.length, ...this.sample]);
  }
}

function checkCount(what: string, tensor: Tensor | undefined, samples: number): void {
  if (tensor === undefined || tensor.dims[0] === samples) return;
  throw new ShapeError("There are not as many samples on both sides.", {
    subject: what,
    expected: `${samples} ${what}, one for each image`,
    received: `[${tensor.dims.join(", ")}]`,
  });
}

/** Photos of an array in batches, round after round: what `flow` gives; photos alone where there are no labels. */
export class ArrayIterator<Given extends WeightedBatch | Tensor = WeightedBatch> extends BatchIterator<Given> {
  /**
   * @param x `[samples, height, width, channels]`
   * @param y labels, one row a sample
   * @param steps what is done to pixels
   * @param validationSplit share of the samples that subset "validation" takes; default none
   * @throws ShapeError when x is no batch of images, or labels or weights are not as many
   */
  constructor(x: Tensor, y: Tensor | undefined, options: FlowOptions, steps: PixelSteps, validationSplit = 0) {
    checkOptionNames("flow", options, [...iteratorOptionNames, "sampleWeight", "ignoreClassSplit"]);
    checkIteratorOptions("flow", options, validationSplit);
    checkTensor("flow", "x", x);
    if (y !== undefined) checkTensor("flow", "y", y);
    const [count = 0, height = 0, width = 0, channels = 0] = x.dims;
    if (x.dims.length !== 4) {
      throw new ShapeError("flow takes a batch of images.", {
        subject: "x",
        expected: "[samples, height, width, channels]",
        received: `[${x.dims.join(", ")}]`,
      });
    }
    if (![1, 3, 4].includes(channels)) {
      platform().warn(`flow: images have 1, 3 or 4 channels on the last axis; these have ${channels}.`);
    }
    const sampleWeight = options.sampleWeight ?? undefined;
    checkCount("labels", y, count);
    checkCount("sample weights", sampleWeight, count);
    const all = [...Array(count).keys()];
    const chosen = subsetOf(all, options.subset, validationSplit);
    const labels = y && new Rows(y);
    const isSubset = (options.subset ?? undefined) !== undefined;
    if (labels !== undefined && isSubset && options.ignoreClassSplit !== true) {
      checkClasses(
        labels,
        all.slice(0, Math.trunc(validationSplit * count)),
        all.slice(Math.trunc(validationSplit * count)),
      );
    }
    const [images, weights] = [new Rows(x), sampleWeight && new Rows(sampleWeight)];
    const original = (keys: readonly number[]): number[] => keys.map((key) => chosen[key] ?? 0);
    super(
      {
        count: chosen.length,
        shape: [height, width, channels],
        type: "float32",
        read: (keys) => Promise.resolve(images.of(original(keys)).data),
        labels: labels && ((keys) => labels.of(original(keys))),
        shownAs: (key) => String(chosen[key] ?? key),
        weights: weights && ((keys) => weights.of(original(keys))),
      },
      options,
      steps,
    );
  }
}

/** As Keras does, refuses a split after which one part lacks a value that the labels of the other have. */
function checkClasses(labels: Rows, validation: readonly number[], training: readonly number[]): void {
  const values = (keys: readonly number[]): string =>
    [...new Set(keys.flatMap((key) => [...labels.row(key)]))].sort((a, b) => a - b).join(", ");
  const [first, second] = [values(validation), values(training)];
  if (first === second) return;
  throw new UsageError("The training and validation subsets do not hold the same classes.", {
    subject: "validationSplit",
    expected: "the same labels in both",
    received: `${first.slice(0, 60)} for validation, ${second.slice(0, 60)} for training`,
    advice: "Shuffle the arrays first if they are sorted by label, or set ignoreClassSplit.",
  });
}
