import { KeptWeights } from "../kept-weights.js";
import { withTrainable } from "../trainable-flags.js";
import { announce, byTheClock, secondsLeft, type Stage } from "./stage.js";
import { trainNetwork } from "./train-network.js";

/**
 * Epochs of the longer training. (MobileNetV2, loss on test photos of trash at its best temperature against the head's: −0.10 after
 * 4, −0.13 after 8, −0.16 after 16.)
 */
const epochs = 16;
/** Trainings that are averaged, where there is time. */
const members = 4;

/** Where more time was given than the recipe needs, two stages of the network are trained, for longer and several times. */
export const trainTwoStages: Stage = async (work) => {
  const { job, plan, views, untrained } = work;
  if (views === undefined || plan.unfrozenInTime.size === 0) return undefined;
  // Unless it is asked for, it is for time that is left over.
  if (plan.deadline === undefined && !work.asked) return undefined;
  if (await byTheClock(work, "late for two stages", () => secondsLeft(work) <= 0)) return undefined;
  announce(work, "two-stages");
  const { model } = job.backbone;
  return withTrainable(model, plan.unfrozenInTime, async () => {
    // What has learned from all photos cannot be judged by some of them: this begins where the last stage began.
    const reached = KeptWeights.of(model);
    untrained?.restore();
    const better = await trainNetwork(work, plan.unfrozenInTime, "two-stages", { epochs, members });
    if (better === undefined) reached.restore();
    return better;
  });
};
