import type { Tensor } from "../../runtime/runtime.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import { Metric } from "./metric.js";

/** A metric of the package: its figure follows from sums alone, so it is known without the engine. */
export abstract class BuiltInMetric extends Metric {
  override updateState(
    yTrue: Tensor | SymbolicTensor,
    yPred: Tensor | SymbolicTensor,
    sampleWeight?: Tensor | SymbolicTensor,
  ): Promise<void> {
    return super.updateState(yTrue, yPred, sampleWeight) as Promise<void>;
  }

  override result(): number {
    return super.result() as number;
  }

  static {
    BuiltInMetric.builtIn(BuiltInMetric);
  }
}
