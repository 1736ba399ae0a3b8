import type { Config } from "../config.js";
import { MeanIoU } from "./mean-io-u.js";
import type { OneHotIoUOptions } from "./one-hot-io-u.js";

/** {@link MeanIoU} of one-hot labels. @see https://keras.io/api/metrics/segmentation_metrics/ */
export class OneHotMeanIoU extends MeanIoU {
  static override readonly className: string = "OneHotMeanIoU";

  /**
   * @param numClasses number of classes
   * @throws UsageError when an option is not usable
   */
  constructor(numClasses: number, options: OneHotIoUOptions = {}) {
    super(numClasses, { name: "one_hot_mean_io_u", sparseYPred: false, ...options, sparseYTrue: false });
  }

  override getConfig(): Config {
    return this.configWithout("target_class_ids", "sparse_y_true");
  }
}
