import { refuse } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import type { Config } from "../config.js";
import { byName, type ByPosition } from "../named.js";
import { writeFigures } from "../own-figures.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import { MeanMetric } from "./mean-metric.js";

/** A metric of one's own: of labels and predictions, in Keras's order of axes; the mean over samples is followed. */
export type MetricFunction = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor;

/** Options of {@link MeanMetricWrapper}. */
export interface MeanMetricWrapperOptions {
  /** Key in logs; default the function's name. */
  readonly name?: string | undefined;
  /** Which way the figure gets better, for callbacks with `mode: "auto"`; default: they must be told. */
  readonly direction?: "up" | "down" | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/** The mean of a function of labels and predictions. @see https://keras.io/api/metrics/base_metric/ */
export class MeanMetricWrapper extends MeanMetric {
  static readonly className: string = "MeanMetricWrapper";
  static readonly positional: readonly string[] = ["fn"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "name",
    "direction",
  ] satisfies readonly (keyof MeanMetricWrapperOptions)[];
  override readonly direction: "up" | "down" | undefined;
  readonly own: MetricFunction;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<MeanMetricWrapperOptions & { readonly fn: MetricFunction }, typeof following, ["fn"]>
  );
  /**
   * @param fn what is followed, for each sample
   * @throws UsageError when it is no function, or for an option that the class does not have
   */
  constructor(fn: MetricFunction, options?: MeanMetricWrapperOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: MeanMetricWrapperOptions & { readonly fn: MetricFunction });
  constructor(...given: readonly unknown[]) {
    const { fn, ...options } = byName<MeanMetricWrapperOptions & { readonly fn: MetricFunction }>(
      MeanMetricWrapper,
      given,
    );
    if (typeof fn !== "function") refuse("MeanMetricWrapper", "fn", "a function (yTrue, yPred) of tensors", fn);
    super(fn.name === "" ? "metric" : fn.name, options);
    this.own = fn;
    this.direction = options.direction;
  }

  protected perElement(truth: Value, prediction: Value): Value {
    return writeFigures(`The metric "${this.name}"`, truth, prediction, true, (yTrue, yPred) => this.own(yTrue, yPred));
  }

  override getConfig(): Config {
    throw new UsageError(`The metric "${this.name}" cannot be saved by itself.`, {
      subject: this.name,
      expected: "a metric of Keras, or a function that is registered",
      received: "a function",
      advice: "Register it: saving.registerKerasSerializable()(myMetric).",
    });
  }
}
