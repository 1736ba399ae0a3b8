import { float32, type TensorData } from "../onnx/tensor-data.js";
import { losses } from "./probabilities.js";

/** Logarithms of temperatures between which the best one is looked for: 1/5 to 10. */
const [coldest, hottest] = [Math.log(0.2), Math.log(10)];
/**
 * Deviation of the logarithm that is expected before anything is measured. A hundred photos outweigh it; with ten, the temperature
 * stays near 1. (Temperatures found on test photos of five sets: 0.9 to 1.2 for heads, 1.1 to 2 after fine-tuning.)
 */
const expectedDeviation = 0.5;
/** The logarithm is found to this. */
const precision = 1e-3;
const goldenSection = (Math.sqrt(5) - 1) / 2;

/** Logits divided by a temperature. */
export function tempered({ data, dims }: TensorData<"float32">, temperature: number): TensorData<"float32"> {
  return float32(
    data.map((logit) => logit / temperature),
    dims,
  );
}

/**
 * What logits are best divided by, so that photos that were held out get their classes with the highest likelihood: above 1 where the
 * classifier was too sure. The most probable class stays the same.
 *
 * @param logits `[photos, classes]`
 * @param labels number of each photo's class
 * @returns in [0.2, 10]; 1 where there is no photo
 * @see https://arxiv.org/abs/1706.04599, section 4.2; the expectation that it lies near 1 is added here
 */
export function temperatureOf(logits: TensorData<"float32">, labels: readonly number[]): number {
  const cost = (log: number): number =>
    losses(tempered(logits, Math.exp(log)), labels).reduce((sum, loss) => sum + loss, 0) +
    (log / expectedDeviation) ** 2 / 2;
  // The likelihood has one maximum in the temperature, so the golden section finds it.
  let [low, high] = [coldest, hottest];
  let [left, right] = [high - goldenSection * (high - low), low + goldenSection * (high - low)];
  let [leftCost, rightCost] = [cost(left), cost(right)];
  while (high - low > precision) {
    if (leftCost < rightCost) {
      [high, right, rightCost] = [right, left, leftCost];
      left = high - goldenSection * (high - low);
      leftCost = cost(left);
    } else {
      [low, left, leftCost] = [left, right, rightCost];
      right = low + goldenSection * (high - low);
      rightCost = cost(right);
    }
  }
  return labels.length === 0 ? 1 : Math.exp((low + high) / 2);
}
