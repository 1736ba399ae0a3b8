import { byName, checkOwnOptions, type ByPosition } from "../named.js";
import type { Config } from "../config.js";
import { IoU, type MeanIoUOptions } from "./io-u.js";

/** Options of {@link OneHotIoU}. */
export interface OneHotIoUOptions extends Omit<MeanIoUOptions, "sparseYTrue" | "sparseYPred"> {
  /** Whether predictions are class numbers; default `false`: a figure for each class. */
  readonly sparseYPred?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "ignoreClass", "sparseYPred", "axis"] as const;

/** {@link IoU} of one-hot labels. @see https://keras.io/api/metrics/segmentation_metrics/ */
export class OneHotIoU extends IoU {
  static override readonly className: string = "OneHotIoU";
  static override readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["sparseYTrue"];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      OneHotIoUOptions & { readonly numClasses: number; readonly targetClassIds: readonly number[] },
      typeof following,
      ["numClasses", "targetClassIds"]
    >
  );
  /**
   * @param numClasses number of classes
   * @param targetClassIds the classes whose mean is taken
   * @throws UsageError when an option is not usable
   */
  constructor(numClasses: number, targetClassIds: readonly number[], options?: OneHotIoUOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: OneHotIoUOptions & { readonly numClasses: number; readonly targetClassIds: readonly number[] });
  constructor(...given: readonly unknown[]) {
    const { numClasses, targetClassIds, ...options } = byName<
      OneHotIoUOptions & { readonly numClasses: number; readonly targetClassIds: readonly number[] }
    >(OneHotIoU, given);
    checkOwnOptions(OneHotIoU, options);
    super(numClasses, targetClassIds, {
      name: "one_hot_io_u",
      ...options,
      sparseYPred: options.sparseYPred ?? false,
      sparseYTrue: false,
    });
  }

  override getConfig(): Config {
    return this.configWithout("sparse_y_true");
  }
}
