import type { Value } from "../../graph/value.js";
import { CategoricalAccuracy } from "./categorical-accuracy.js";
import { BuiltInMetric } from "./built-in-metric.js";
import { SparseCategoricalAccuracy } from "./sparse-categorical-accuracy.js";
import type { Config } from "../config.js";

/**
 * What `"accuracy"` means where no loss says what labels look like: their shape decides. Class numbers have no axis for the
 * classes, or one of extent 1; one-hot rows have all of it.
 */
export class ShapedAccuracy extends BuiltInMetric {
  static readonly className: string = "ShapedAccuracy";
  override readonly direction = "up";
  override readonly name: string;
  private readonly sparse: SparseCategoricalAccuracy;
  private readonly categorical: CategoricalAccuracy;

  constructor(name: string) {
    super();
    this.name = name;
    this.sparse = new SparseCategoricalAccuracy({ name });
    this.categorical = new CategoricalAccuracy({ name });
  }

  override state(truth: Value, prediction: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    const numbers = truth.rank < prediction.rank || truth.shape.at(-1) === 1;
    return (numbers ? this.sparse : this.categorical).state(truth, prediction, sampleWeight);
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    // Both are means of the same form.
    return this.categorical.figure(state);
  }

  override getConfig(): Config {
    return { name: this.name };
  }
}
