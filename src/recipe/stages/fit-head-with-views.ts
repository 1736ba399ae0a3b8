import { viewsOfSets } from "../photo-features.js";
import { classifierOf, fitAndTell } from "./fit-head.js";
import type { Stage } from "./stage.js";

/** Mirror images and parts of the photos cross the frozen network too, and the linear classifier is fitted to all of them. */
export const fitHeadWithViews: Stage = async (work) => {
  const { job, plan, network, sets, random, head } = work;
  const views = await viewsOfSets(job, plan, network, sets, random);
  if (views === undefined) return undefined;
  work.views = views;
  const fitted = await fitAndTell(work, views.features);
  // Both have been measured by the same photos.
  if (head !== undefined && !(fitted.row.val_loss < head.row.val_loss)) return undefined;
  work.head = fitted;
  return classifierOf(work, fitted);
};
