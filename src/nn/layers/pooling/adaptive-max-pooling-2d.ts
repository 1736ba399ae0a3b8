import type { Value } from "../../../graph/value.js";
import { concat } from "../../../ops/joining.js";
import { slice } from "../../../ops/slicing.js";
import { maxPool } from "../../../ops/pooling.js";
import type { Pair } from "../../../errors/check.js";
import { type AdaptivePooling2DOptions, BaseAdaptivePooling2D, type Window } from "./base-adaptive-pooling-2d.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["dataFormat"] as const;

/**
 * The maximum over as many windows as the result has pixels: `[N, H, W, C]` → `[N, height, width, C]`.
 *
 * @see https://keras.io/api/layers/pooling_layers/ – the size of the pictures must be known
 */
export class AdaptiveMaxPooling2D extends BaseAdaptivePooling2D {
  static readonly className: string = "AdaptiveMaxPooling2D";
  static readonly positional: readonly string[] = ["outputSize"];
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<AdaptivePooling2DOptions & { readonly outputSize: Pair }, typeof following, ["outputSize"]>
  );
  /**
   * @param outputSize height and width of the results
   * @throws UsageError when an option is not usable
   */
  constructor(outputSize: Pair, options?: AdaptivePooling2DOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: AdaptivePooling2DOptions & { readonly outputSize: Pair });
  constructor(...given: readonly unknown[]) {
    const { outputSize, ...options } = byName<AdaptivePooling2DOptions & { readonly outputSize: Pair }>(
      AdaptiveMaxPooling2D,
      given,
    );
    super(outputSize, options);
  }

  protected pool(x: Value, axis: number, _extent: number, windows: readonly Window[]): Value {
    const parts = windows.map(({ start, end }) =>
      // Of equal pixels the first one counts, as in TensorFlow.
      maxPool(slice(x, { starts: [start], ends: [end], axes: [axis] }), {
        kernel_shape: axis === 2 ? [end - start, 1] : [1, end - start],
      }),
    );
    return concat(parts, { axis });
  }
}
