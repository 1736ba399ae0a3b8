import { staticDim, type Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { less } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { toChannelsLast } from "../channels.js";
import { wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { classesOf, type LabelRule } from "../label-rule.js";
import { classColumns } from "../losses/class-columns.js";
import { asNumber } from "./as-number.js";
import { classNumbers } from "./class-numbers.js";
import { byName } from "../named.js";
import { MeanMetric } from "./mean-metric.js";
import { rankOfClass } from "./rank-of-class.js";
import type { TopKOptions } from "./top-k-categorical-accuracy.js";

/** How often the class that the label numbers is among the k greatest predictions. @see https://keras.io/api/metrics/accuracy_metrics/ */
export class SparseTopKCategoricalAccuracy extends MeanMetric {
  static readonly className: string = "SparseTopKCategoricalAccuracy";
  static readonly positional: readonly string[] = ["k"];
  static readonly following: readonly string[] = ["name"];
  static override readonly options: readonly string[] = ["k", "name"] satisfies readonly (keyof TopKOptions)[];
  override readonly direction = "up";
  private readonly k: number;

  /**
   * @param k how many of the greatest predictions count; default 5
   * @throws UsageError when k is not a positive whole number
   */
  constructor(k: number, options?: Omit<TopKOptions, "k">);
  /** In Keras's order, as many by position as one likes. */
  constructor(k: number, name: string, options?: Omit<TopKOptions, "k">);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options?: TopKOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<TopKOptions>(SparseTopKCategoricalAccuracy, given);
    super("sparse_top_k_categorical_accuracy", options);
    const { k = 5 } = options;
    this.k = wholeNumber("SparseTopKCategoricalAccuracy", "k", k);
  }

  protected perElement(labels: Value, output: Value): Value {
    const prediction = toChannelsLast(output);
    const numbers = classNumbers(labels, prediction, this.name);
    const classes = staticDim(prediction.shape, prediction.rank - 1, this.name);
    const rank = rankOfClass(classColumns(numbers, classes), prediction);
    return asNumber(less(rank, scalarLike(rank, this.k)));
  }

  override labelRule(output: Shape): LabelRule {
    return classesOf(output);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), k: this.k, from_sorted_ids: false };
  }
}
