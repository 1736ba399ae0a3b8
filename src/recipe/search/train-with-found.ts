import { announce, isMaterial, isStopped, type Stage, type Work } from "../stages/stage.js";
import { trainNetwork } from "../stages/train-network.js";
import { withTrainable } from "../trainable-flags.js";
import { unfreezeFrom } from "../unfreeze.js";
import { finishTrial } from "./finish-trial.js";
import { lastStage } from "./search-settings.js";

/** The training of the trial that was taken is finished. Where there was no time to try any, the network is trained with the defaults. */
export const trainWithFound: Stage = async (work) => {
  const { search, taken, job, plan } = work;
  if (!isMaterial(work) || isStopped(job)) return undefined;
  if (taken !== undefined) return finishTrial(work, taken);
  // The trials have shown that training is no better than the head.
  if (search !== undefined) return undefined;
  announce(work, "last-stage");
  const unfreeze = lastStage(work);
  const layers = new Set(unfreezeFrom(job.backbone.model, unfreeze));
  const own: Work = { ...work, job: { ...job, unfreeze } };
  const better = await withTrainable(job.backbone.model, layers, () =>
    trainNetwork(own, layers, "fine-tune", { epochs: plan.epochs, members: 1 }),
  );
  work.trouble ??= own.trouble;
  return better;
};
