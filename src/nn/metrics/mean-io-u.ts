import type { Config } from "../config.js";
import { IoU, type MeanIoUOptions } from "./io-u.js";

/** {@link IoU} of all classes. @see https://keras.io/api/metrics/segmentation_metrics/ */
export class MeanIoU extends IoU {
  static override readonly className: string = "MeanIoU";
  static override readonly positional: readonly string[] = ["num_classes"];

  /**
   * @param numClasses number of classes
   * @throws UsageError when an option is not usable
   */
  constructor(numClasses: number, options: MeanIoUOptions = {}) {
    super(
      numClasses,
      Array.from({ length: numClasses }, (_, index) => index),
      { name: "mean_io_u", ...options },
    );
  }

  override getConfig(): Config {
    return this.configWithout("target_class_ids");
  }
}
