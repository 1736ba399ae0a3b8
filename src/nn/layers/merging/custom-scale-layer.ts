import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { add, mul } from "../../../ops/elementwise.js";
import { numberWithin } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import type { LayerOptions } from "../../layer.js";
import { byName } from "../../named.js";
import { BaseMerge } from "./base-merge.js";

/**
 * The first input, and a part of the second: `x + scale · y`, as InceptionResNetV2 does at the end of its blocks.
 *
 * @see https://arxiv.org/abs/1602.07261
 */
export class CustomScaleLayer extends BaseMerge {
  static readonly className: string = "CustomScaleLayer";
  static readonly positional: readonly string[] = ["scale"];
  protected override readonly arity = [2, 2] as const;
  private readonly scale: number;

  /**
   * @param scale what the second input is multiplied with
   * @throws UsageError when it is no number
   */
  constructor(scale: number, options?: LayerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: LayerOptions & { readonly scale: number });
  constructor(...given: readonly unknown[]) {
    const { scale, ...options } = byName<LayerOptions & { readonly scale: number }>(CustomScaleLayer, given);
    super(options);
    this.scale = numberWithin("CustomScaleLayer", "scale", scale);
  }

  protected merge(first: Value, [second = first]: readonly Value[]): Value {
    return add(first, mul(second, scalarLike(second, this.scale)));
  }

  override getConfig(): Config {
    return { ...super.getConfig(), scale: this.scale };
  }
}
