import type { TensorData } from "../../onnx/tensor-data.js";
import type { EpochRow } from "../fine-tune-types.js";
import type { KeptWeights } from "../kept-weights.js";
import type { TrialSettings } from "./search-types.js";

/** A trial that has made something better than the head, for who finishes its training. */
export interface TakenTrial {
  readonly settings: TrialSettings;
  /** How long it took, in seconds. */
  readonly seconds: number;
  /** Its epochs. */
  readonly rows: readonly EpochRow[];
  /** Where its weights came to. */
  readonly reached: KeptWeights;
  /** How far it goes from where the weights were to where they came to. */
  readonly share: number;
  /** What its logits are divided by. */
  readonly temperature: number;
  /** `[photos, classes]`: logits of the validation photos, each by the trial that the others would have chosen. */
  readonly heldOut: TensorData<"float32">;
}
