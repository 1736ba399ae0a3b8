import type { Value } from "../../../graph/value.js";
import { integers } from "../../../ops/constants.js";
import { expand, unsqueeze } from "../../../ops/layout.js";
import { wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { requireRank } from "../require-rank.js";
import { byName } from "../../named.js";

/** Repeats each sample: `[N, C]` → `[N, n, C]`. @see https://keras.io/api/layers/reshaping_layers/repeat_vector/ */
export class RepeatVector extends UnaryLayer {
  static readonly className: string = "RepeatVector";
  static readonly positional: readonly string[] = ["n"];
  private readonly n: number;

  /**
   * @param n how often
   * @throws UsageError when it is not a positive whole number
   */
  constructor(n: number, options?: LayerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: LayerOptions & { readonly n: number });
  constructor(...given: readonly unknown[]) {
    const { n, ...options } = byName<LayerOptions & { readonly n: number }>(RepeatVector, given);
    super(options);
    this.n = wholeNumber("RepeatVector", "n", n);
  }

  protected forward(x: Value): Value {
    requireRank(x.shape, 2, "RepeatVector");
    return expand(unsqueeze(x, [1]), integers([1, this.n, 1]));
  }

  getConfig(): Config {
    return { ...this.baseConfig(), n: this.n };
  }
}
