import { wholeNumber } from "../../errors/check.js";
import type { Config } from "../config.js";
import { IoU, type MeanIoUOptions } from "./io-u.js";
import { byName, checkOwnOptions, type ByPosition } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "ignoreClass", "sparseYTrue", "sparseYPred", "axis"] as const;

/** {@link IoU} of all classes. @see https://keras.io/api/metrics/segmentation_metrics/ */
export class MeanIoU extends IoU {
  static override readonly className: string = "MeanIoU";
  static readonly fixedOptions: readonly string[] = ["targetClassIds"];
  static override readonly positional: readonly string[] = ["numClasses"];
  static override readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<MeanIoUOptions & { readonly numClasses: number }, typeof following, ["numClasses"]>);
  /**
   * @param numClasses number of classes
   * @throws UsageError when an option is not usable
   */
  constructor(numClasses: number, options?: MeanIoUOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: MeanIoUOptions & { readonly numClasses: number });
  constructor(...given: readonly unknown[]) {
    const { numClasses, ...options } = byName<MeanIoUOptions & { readonly numClasses: number }>(MeanIoU, given);
    if (new.target === MeanIoU) checkOwnOptions(MeanIoU, options);
    const classes = wholeNumber("MeanIoU", "numClasses", numClasses, 2);
    super(
      classes,
      Array.from({ length: classes }, (_, index) => index),
      { name: "mean_io_u", ...options },
    );
  }

  override getConfig(): Config {
    return this.configWithout("target_class_ids");
  }
}
