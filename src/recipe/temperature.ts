import type { TensorData } from "../onnx/tensor-data.js";

/** Range of the logarithm of the sharpness that is searched: a fiftieth to fifty times. */
const widest = 4;

/** Steps of the search, each of which leaves 62 % of the range. */
const steps = 40;

const golden = (Math.sqrt(5) - 1) / 2;

/**
 * What logits are to be divided by so that probabilities say how often they are right: the temperature at which photos that were held
 * out are most likely. It does not change which class is the most probable one.
 *
 * A photo's class gets `1 − 1 / (photos + 2)` as its target rather than 1, as Platt proposes: where all photos are told apart, no finite
 * number of them makes a classifier certain.
 *
 * @param logits `[photos, classes]` of photos that taught the classifier nothing
 * @param labels number of each photo's class
 * @returns above 0; 1 leaves all as it is
 * @see https://arxiv.org/abs/1706.04599, section 4.2
 */
export function temperatureOf({ data, dims }: TensorData<"float32">, labels: readonly number[]): number {
  const [photos = 0, classes = 0] = dims;
  if (photos === 0 || classes < 2) return 1;
  const rest = 1 / (photos + 2);
  const loss = (logarithm: number): number => {
    const sharpness = Math.exp(logarithm);
    let sum = 0;
    for (const [photo, label] of labels.entries()) {
      const row = data.subarray(photo * classes, (photo + 1) * classes);
      const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const own = row[label] ?? Number.NaN;
      const others = row.reduce((all, logit) => all + logit, 0) - own;
      const normalizer = Math.log(row.reduce((all, logit) => all + Math.exp(sharpness * (logit - most)), 0));
      const target = (1 - rest) * own + (rest / (classes - 1)) * others;
      sum += normalizer + sharpness * (most - target);
    }
    return sum;
  };
  // It is convex in the sharpness, so it has one valley.
  let [low, high] = [-widest, widest];
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [atLeft, atRight] = [loss(left), loss(right)];
  for (let step = 0; step < steps; step++) {
    if (atLeft < atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = loss(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = loss(right);
    }
  }
  return Math.exp(-(low + high) / 2);
}
