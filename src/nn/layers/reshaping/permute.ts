import { wholeNumbers } from "../../../errors/check.js";
import { UsageError } from "../../../errors/errors.js";
import { channelsLast, graphAxis } from "../../channels.js";
import type { Value } from "../../../graph/value.js";
import { transpose } from "../../../ops/layout.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { requireRank } from "../require-rank.js";
import { byName } from "../../named.js";

/**
 * Permutes the axes behind the batch, in Keras's order.
 *
 * @see https://keras.io/api/layers/reshaping_layers/permute/
 */
export class Permute extends UnaryLayer {
  static readonly className: string = "Permute";
  static readonly positional: readonly string[] = ["dims"];
  private readonly dims: readonly number[];

  /**
   * @param dims for each axis of the output, from 1, the axis of the input
   * @throws UsageError when it is not a permutation
   */
  constructor(dims: readonly number[], options?: LayerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: LayerOptions & { readonly dims: readonly number[] });
  constructor(...given: readonly unknown[]) {
    const { dims, ...options } = byName<LayerOptions & { readonly dims: readonly number[] }>(Permute, given);
    super(options);
    wholeNumbers("Permute", "dims", dims);
    if ([...dims].sort((a, b) => a - b).some((axis, index) => axis !== index + 1)) {
      throw new UsageError("Permute: dims must name each axis once.", {
        subject: "dims",
        expected: `a permutation of 1 to ${dims.length}`,
        received: JSON.stringify(dims),
      });
    }
    this.dims = [...dims];
  }

  protected forward(x: Value): Value {
    const { rank } = x;
    requireRank(channelsLast(x.shape), this.dims.length + 1, "Permute");
    const perm = x.shape.map((_, axis) => axis);
    // Output axis k in Keras's order comes from input axis dims[k - 1] in Keras's order.
    [0, ...this.dims].forEach((from, to) => {
      perm[graphAxis(to, rank, "Permute")] = graphAxis(from, rank, "Permute");
    });
    return transpose(x, { perm });
  }

  getConfig(): Config {
    return { ...this.baseConfig(), dims: this.dims };
  }
}
