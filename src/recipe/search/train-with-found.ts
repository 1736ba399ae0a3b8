import { announce, isStopped, type Stage } from "../stages/stage.js";
import { trainNetwork } from "../stages/train-network.js";
import { withTrainable } from "../trainable-flags.js";
import { unfreezeFrom } from "../unfreeze.js";
import { lastStage } from "./search-settings.js";
import { workWith } from "./try-settings.js";

/**
 * The network is trained with the settings that were found, as it would be if they had been asked for; with the defaults where there
 * was no time to try any.
 */
export const trainWithFound: Stage = async (work) => {
  const { head, views, search, job } = work;
  if (head === undefined || views === undefined || isStopped(job)) return undefined;
  const { plan } = work;
  const settings = search?.chosen.settings ?? { ...plan, unfreeze: lastStage(work) };
  if (settings.unfreeze === "none") return undefined;
  announce(work, "chosen");
  const layers = new Set(unfreezeFrom(job.backbone.model, settings.unfreeze));
  const own = workWith({ ...work, head, views }, settings);
  const better = await withTrainable(job.backbone.model, layers, () =>
    trainNetwork(own, layers, { epochs: settings.epochs, members: 1 }),
  );
  work.trouble = own.trouble;
  return better && { ...better, unfrozenFrom: settings.unfreeze };
};
