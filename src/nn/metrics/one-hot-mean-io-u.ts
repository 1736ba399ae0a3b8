import { byName, checkOwnOptions, type ByPosition } from "../named.js";
import type { Config } from "../config.js";
import { MeanIoU } from "./mean-io-u.js";
import type { OneHotIoUOptions } from "./one-hot-io-u.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "ignoreClass", "sparseYPred", "axis"] as const;

/** {@link MeanIoU} of one-hot labels. @see https://keras.io/api/metrics/segmentation_metrics/ */
export class OneHotMeanIoU extends MeanIoU {
  static override readonly className: string = "OneHotMeanIoU";
  static override readonly following: readonly string[] = following;
  static override readonly fixedOptions: readonly string[] = ["sparseYTrue"];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<OneHotIoUOptions & { readonly numClasses: number }, typeof following, ["numClasses"]>
  );
  /**
   * @param numClasses number of classes
   * @throws UsageError when an option is not usable
   */
  constructor(numClasses: number, options?: OneHotIoUOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: OneHotIoUOptions & { readonly numClasses: number });
  constructor(...given: readonly unknown[]) {
    const { numClasses, ...options } = byName<OneHotIoUOptions & { readonly numClasses: number }>(OneHotMeanIoU, given);
    checkOwnOptions(OneHotMeanIoU, options);
    super(numClasses, {
      name: "one_hot_mean_io_u",
      ...options,
      sparseYPred: options.sparseYPred ?? false,
      sparseYTrue: false,
    });
  }

  override getConfig(): Config {
    return this.configWithout("target_class_ids", "sparse_y_true");
  }
}
