import type { Value } from "../../graph/value.js";
import { BinaryAccuracy } from "./binary-accuracy.js";
import { CategoricalAccuracy } from "./categorical-accuracy.js";
import { BuiltInMetric } from "./built-in-metric.js";
import { SparseCategoricalAccuracy } from "./sparse-categorical-accuracy.js";
import type { Config } from "../config.js";

/**
 * What `"accuracy"` means where no loss says what labels look like, or nobody knows the output yet: shapes decide, as in Keras.
 * One unit tells two classes apart; class numbers have no axis for the classes, or one of extent 1; one-hot rows have all of it.
 */
export class ShapedAccuracy extends BuiltInMetric {
  static readonly className: string = "ShapedAccuracy";
  override readonly direction = "up";
  override readonly name: string;
  private readonly binary: BinaryAccuracy;
  private readonly sparse: SparseCategoricalAccuracy;
  private readonly categorical: CategoricalAccuracy;

  constructor(name: string) {
    super();
    this.name = name;
    this.binary = new BinaryAccuracy({ name });
    this.sparse = new SparseCategoricalAccuracy({ name });
    this.categorical = new CategoricalAccuracy({ name });
  }

  override state(truth: Value, prediction: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    if (prediction.shape.at(-1) === 1) return this.binary.state(truth, prediction, sampleWeight);
    const numbers = truth.rank < prediction.rank || truth.shape.at(-1) === 1;
    return (numbers ? this.sparse : this.categorical).state(truth, prediction, sampleWeight);
  }

  override figure(state: Readonly<Record<string, Float32Array | Float64Array>>): number {
    // All are means of the same form.
    return this.categorical.figure(state);
  }

  override getConfig(): Config {
    return { name: this.name };
  }
}
