import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { matmul } from "../../../ops/matmul.js";
import type { Pair } from "../../../errors/check.js";
import { type AdaptivePooling2DOptions, BaseAdaptivePooling2D, type Window } from "./base-adaptive-pooling-2d.js";
import { byName, type ByPosition } from "../../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["dataFormat"] as const;

/**
 * The mean over as many windows as the result has pixels: `[N, H, W, C]` → `[N, height, width, C]`.
 *
 * @see https://keras.io/api/layers/pooling_layers/ – the size of the pictures must be known
 */
export class AdaptiveAveragePooling2D extends BaseAdaptivePooling2D {
  static readonly className: string = "AdaptiveAveragePooling2D";
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
      AdaptiveAveragePooling2D,
      given,
    );
    super(outputSize, options);
  }

  protected pool(x: Value, axis: number, extent: number, windows: readonly Window[]): Value {
    const weight = (window: Window, pixel: number): number =>
      pixel >= window.start && pixel < window.end ? 1 / (window.end - window.start) : 0;
    const pixels = Array.from({ length: extent }, (_, pixel) => pixel);
    if (axis === 3) {
      const columns = pixels.flatMap((pixel) => windows.map((window) => weight(window, pixel)));
      return matmul(x, constant(float32(columns, [extent, windows.length])));
    }
    const rows = windows.flatMap((window) => pixels.map((pixel) => weight(window, pixel)));
    return matmul(constant(float32(rows, [windows.length, extent])), x);
  }
}
