import { staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { argMax } from "../../ops/reduction.js";
import { less } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { cast } from "../../ops/layout.js";
import { wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { align } from "../losses/align.js";
import { classColumns } from "../losses/class-columns.js";
import { asNumber } from "./as-number.js";
import { byName } from "../named.js";
import { MeanMetric } from "./mean-metric.js";
import { rankOfClass } from "./rank-of-class.js";

/** Options of top-k metrics. */
export interface TopKOptions {
  /** How many of the greatest predictions count; default 5. */
  readonly k?: number;
  /** Key in logs; default Keras's. */
  readonly name?: string;
}

/** How often the labelled class is among the k greatest predictions; labels are one-hot. @see https://keras.io/api/metrics/accuracy_metrics/ */
export class TopKCategoricalAccuracy extends MeanMetric {
  static readonly className: string = "TopKCategoricalAccuracy";
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
    const options = byName<TopKOptions>(TopKCategoricalAccuracy, given);
    super("top_k_categorical_accuracy", options);
    const { k = 5 } = options;
    this.k = wholeNumber("TopKCategoricalAccuracy", "k", k);
  }

  protected perElement(labels: Value, output: Value): Value {
    const { truth, prediction } = align(labels, output, this.name);
    const axis = prediction.rank - 1;
    const numbers = cast(argMax(truth, { axis, keepdims: 0 }), "float32");
    const rank = rankOfClass(classColumns(numbers, staticDim(prediction.shape, axis, this.name)), prediction);
    return asNumber(less(rank, scalarLike(rank, this.k)));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), k: this.k };
  }
}
