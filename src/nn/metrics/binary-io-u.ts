import { checkOwnOptions, type ByPosition, byName } from "../named.js";
import type { Value } from "../../graph/value.js";
import { greaterOrEqual } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { asNumber } from "./as-number.js";
import { IoU } from "./io-u.js";

/** Options of {@link BinaryIoU}. */
export interface BinaryIoUOptions {
  /** The classes whose mean is taken; default `[0, 1]`. */
  readonly targetClassIds?: readonly number[];
  /** From it on a prediction means 1; default 0.5. */
  readonly threshold?: number;
  /** As in Keras: weights of samples are cut to whole numbers, unless this is a kind of float. Default `"int"`. */
  readonly dtype?: string;
  /** Key in logs; default `"binary_io_u"`. */
  readonly name?: string;
}

/** Options that may follow by position, in Keras's order. */
const following = ["targetClassIds", "threshold", "name"] as const;

/** {@link IoU} of labels 0 and 1. @see https://keras.io/api/metrics/segmentation_metrics/ */
export class BinaryIoU extends IoU {
  static override readonly className: string = "BinaryIoU";
  static readonly fixedOptions: readonly string[] = ["numClasses", "ignoreClass", "sparseYTrue", "sparseYPred", "axis"];
  static override readonly positional: readonly string[] = [];
  static override readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["threshold"];
  private readonly threshold: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<BinaryIoUOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(given?: BinaryIoUOptions);
  constructor(...parts: readonly unknown[]) {
    const given = byName<BinaryIoUOptions>(BinaryIoU, parts);
    checkOwnOptions(BinaryIoU, given);
    const { targetClassIds = [0, 1], threshold = 0.5, ...options } = given;
    super(2, targetClassIds, { name: "binary_io_u", ...options });
    this.threshold = numberWithin("BinaryIoU", "threshold", threshold);
  }

  protected override predictedClasses(prediction: Value): Value {
    return asNumber(greaterOrEqual(prediction, scalarLike(prediction, this.threshold)));
  }

  override getConfig(): Config {
    const others = this.configWithout("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis");
    return { ...others, threshold: this.threshold };
  }
}
