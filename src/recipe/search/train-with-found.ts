import { type FamiliarPhotos, familiarPhotosMeasured, roomFor } from "../familiar-photos.js";
import { featuresAfter } from "../photo-features.js";
import { announce, isStopped, secondsLeft, type Stage, type Work } from "../stages/stage.js";
import { trainNetwork } from "../stages/train-network.js";
import { withTrainable } from "../trainable-flags.js";
import { unfreezeFrom } from "../unfreeze.js";
import { finishing, lastStage } from "./search-settings.js";
import { workWith } from "./try-settings.js";

/**
 * The network is trained with the settings that were found, as it would be if they had been asked for; with the defaults where there
 * was no time to try any. Where there is none to train once more, the trial itself is taken, which has learned from the training photos.
 */
export const trainWithFound: Stage = async (work) => {
  const { head, views, search, job } = work;
  if (head === undefined || views === undefined || isStopped(job)) return undefined;
  const { plan } = work;
  const settings = search?.chosen.settings ?? { ...plan, unfreeze: lastStage(work) };
  if (settings.unfreeze === "none") return undefined;
  // Its trial has shown that it is no better than the head.
  if (search !== undefined && work.takeTrial === undefined) return undefined;
  if (search !== undefined && secondsLeft(work) < finishing * search.chosen.seconds) {
    const taken = work.takeTrial?.();
    return taken && { ...taken, familiar: await familiarWith(work, settings.unfreeze) };
  }
  announce(work, "chosen");
  const layers = new Set(unfreezeFrom(job.backbone.model, settings.unfreeze));
  const own = workWith({ ...work, head, views }, settings);
  const better = await withTrainable(job.backbone.model, layers, () =>
    trainNetwork(own, layers, "fine-tune", { epochs: settings.epochs, members: 1 }),
  );
  work.trouble = own.trouble;
  return better && { ...better, unfrozenFrom: settings.unfreeze };
};

/** What the network knows as it is when it sees it again: measured by the validation photos. */
async function familiarWith({ job, network, sets }: Work, unfreeze: string): Promise<FamiliarPhotos | undefined> {
  const { model } = job.backbone;
  return withTrainable(model, new Set(unfreezeFrom(model, unfreeze)), async () => {
    const features = await featuresAfter(job, network, sets);
    return features && familiarPhotosMeasured(job.runtime, features.training, features.validation, roomFor(network.model));
  });
}
