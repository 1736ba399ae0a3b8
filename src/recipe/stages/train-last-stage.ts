import { staysFrozen } from "../plan.js";
import { announce, type Stage } from "./stage.js";
import { trainNetwork } from "./train-network.js";

/** The last stage of the network is trained too, where there is something left to gain. */
export const trainLastStage: Stage = async (work) => {
  const { job, plan, head, views } = work;
  if (head === undefined || views === undefined || plan.unfrozen.size === 0) return undefined;
  const { val_accuracy } = head.row;
  if (!work.asked && staysFrozen(head.weightedAccuracy, head.heldOut.truth.length, job)) {
    job.onEvent?.({ event: "left-frozen", val_accuracy });
    return undefined;
  }
  announce(work, "last-stage");
  return trainNetwork(work, plan.unfrozen, "fine-tune", { epochs: plan.epochs, members: 1 });
};
