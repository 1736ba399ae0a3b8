import type { Value } from "../../../graph/value.js";
import { less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { mul } from "../../../ops/elementwise.js";
import { numberInside } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { CallContext } from "../../context.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { byName } from "../../named.js";
import { snakeCase } from "../../names.js";

/**
 * Training: the branch of a residual block is left out for whole samples, with the given probability, and otherwise
 * divided by one minus it. Inference: `x`.
 *
 * @see https://arxiv.org/abs/1603.09382
 */
export class StochasticDepth extends UnaryLayer {
  static readonly className: string = "StochasticDepth";
  static readonly positional: readonly string[] = ["dropPathRate"];
  private readonly dropPathRate: number;

  /**
   * @param dropPathRate the probability, in [0, 1)
   * @throws UsageError when it is outside
   */
  constructor(dropPathRate: number, options?: LayerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: LayerOptions & { readonly dropPathRate: number });
  constructor(...given: readonly unknown[]) {
    const { dropPathRate, ...options } = byName<LayerOptions & { readonly dropPathRate: number }>(
      StochasticDepth,
      given,
    );
    super(options);
    this.dropPathRate = numberInside("StochasticDepth", "dropPathRate", dropPathRate, { from: 0, below: 1 });
  }

  protected forward(x: Value, context: CallContext): Value {
    if (!context.training || this.dropPathRate === 0) return x;
    const [batch = 1, ...others] = x.shape;
    const drawn = context.random(snakeCase(this.className), "uniform", [batch, ...others.map(() => 1)]);
    const dropped = less(drawn, scalarLike(x, this.dropPathRate));
    return mul(x, where(dropped, scalarLike(x, 0), scalarLike(x, 1 / (1 - this.dropPathRate))));
  }

  getConfig(): Config {
    return { ...this.baseConfig(), drop_path_rate: this.dropPathRate };
  }
}
