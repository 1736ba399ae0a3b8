import { checkOwnOptions, type ByPosition, byName } from "../named.js";
import type { Config } from "../config.js";
import { FBetaScore, type FBetaScoreOptions } from "./f-beta-score.js";

/** Options that may follow by position, in Keras's order. */
const following = ["average", "threshold", "name"] as const;

/** `2 P R / (P + R)` of precision P and recall R. @see https://keras.io/api/metrics/classification_metrics/ – see {@link FBetaScore} */
export class F1Score extends FBetaScore {
  static override readonly className: string = "F1Score";
  static override readonly following: readonly string[] = following;
  static readonly fixedOptions: readonly string[] = ["beta"];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Omit<FBetaScoreOptions, "beta">, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: Omit<FBetaScoreOptions, "beta">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Omit<FBetaScoreOptions, "beta">>(F1Score, given);
    checkOwnOptions(F1Score, options);
    super({ name: "f1_score", ...options, beta: 1 });
  }

  override getConfig(): Config {
    return Object.fromEntries(Object.entries(super.getConfig()).filter(([key]) => key !== "beta"));
  }
}
