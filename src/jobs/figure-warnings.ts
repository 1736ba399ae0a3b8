import { count } from "../errors/words.js";
import type { FineTuneResult } from "../recipe/fine-tune-types.js";
import { wilsonInterval } from "../report/interval.js";
import { percent } from "../report/words.js";

/** Training accuracy this far above validation accuracy is told as overfitting. */
const wideGap = 0.1;
/** A 95 % interval of the validation accuracy wider than this is told as uncertain. */
const wideInterval = 0.1;

/** What the figures of a run must not be taken for. */
export function figureWarnings({ best, heldOut }: Pick<FineTuneResult, "best" | "heldOut">): {
  readonly code: string;
  readonly message: string;
}[] {
  const measured = heldOut.truth.length;
  const { low, high } = wilsonInterval(best.val_accuracy, measured);
  const warnings: { code: string; message: string }[] = [];
  if (best.accuracy - best.val_accuracy > wideGap && best.accuracy > high) {
    warnings.push({
      code: "overfitting",
      message:
        `The training accuracy (${percent(best.accuracy)}) is far above the validation accuracy ` +
        `(${percent(best.val_accuracy)}): the network has learned these photos by heart. More photos help most.`,
    });
  }
  if (high - low > wideInterval) {
    warnings.push({
      code: "uncertain",
      message:
        `${count(measured, "photo")} measure roughly: the accuracy on new photos of this kind lies ` +
        `between ${percent(low)} and ${percent(high)} (95 % interval).`,
    });
  }
  return warnings;
}
