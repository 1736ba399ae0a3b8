import { wholeNumbers } from "../../../errors/check.js";
import { UsageError } from "../../../errors/errors.js";
import { dimProduct, dimQuotient, formatShape } from "../../../graph/shape.js";
import { ShapeError } from "../../../errors/errors.js";
import type { Value } from "../../../graph/value.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { channelsLast, toChannelsFirst, toChannelsLast } from "../../channels.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { byName } from "../../named.js";

/**
 * The same elements in another shape, both read in Keras's order.
 *
 * @see https://keras.io/api/layers/reshaping_layers/reshape/
 */
export class Reshape extends UnaryLayer {
  static readonly className: string = "Reshape";
  static readonly positional: readonly string[] = ["targetShape"];
  private readonly targetShape: readonly number[];

  /**
   * @param targetShape shape without the batch; one extent may be -1 and is then what is left
   * @throws UsageError when an extent is not usable
   */
  constructor(targetShape: readonly number[], options?: LayerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: LayerOptions & { readonly targetShape: readonly number[] });
  constructor(...given: readonly unknown[]) {
    const { targetShape, ...options } = byName<LayerOptions & { readonly targetShape: readonly number[] }>(
      Reshape,
      given,
    );
    super(options);
    wholeNumbers("Reshape", "targetShape", targetShape, -1);
    const unknown = targetShape.filter((extent) => extent === -1).length;
    if (unknown > 1 || targetShape.some((extent) => !Number.isSafeInteger(extent) || extent < -1)) {
      throw new UsageError("Reshape: the shape is not usable.", {
        subject: "targetShape",
        expected: "whole numbers, at most one of them -1",
        received: JSON.stringify(targetShape),
      });
    }
    this.targetShape = [...targetShape];
  }

  protected forward(x: Value): Value {
    const [batch = 1, ...others] = x.shape;
    const given = this.targetShape.filter((extent) => extent !== -1);
    const rest = dimQuotient(dimProduct(others), dimProduct(given));
    if (rest === undefined || (given.length === this.targetShape.length && rest !== 1)) {
      throw new ShapeError("Reshape: the number of elements changes.", {
        subject: "targetShape",
        expected: `as many elements as ${formatShape(channelsLast(x.shape).slice(1))}`,
        received: formatShape(this.targetShape),
      });
    }
    const shape = this.targetShape.map((extent) => (extent === -1 ? rest : extent));
    return toChannelsFirst(reshapeTo(toChannelsLast(x), [batch, ...shape]));
  }

  getConfig(): Config {
    return { ...this.baseConfig(), target_shape: this.targetShape };
  }
}
