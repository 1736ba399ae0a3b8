import { better } from "../evidence.js";
import { PhotoError } from "../../photos/photo-error.js";
import { viewsOfSets } from "../photo-features.js";
import { viewsOfPhoto } from "../photo-views.js";
import { fitAndTell, kept } from "./fit-head.js";
import { announce, byTheClock, secondsLeft, type Stage } from "./stage.js";

/** Mirror images and parts of the photos cross the frozen network too, and the linear classifier is fitted to all of them. */
export const fitHeadWithViews: Stage = async (work) => {
  const { job, plan, network, sets, random, head, featureSeconds } = work;
  // Each view takes as long as the photos took, which were read then too.
  const isLate = await byTheClock(work, "late for views", () => secondsLeft(work) < viewsOfPhoto * featureSeconds);
  if (isLate) return undefined;
  announce(work, "views");
  const views = await viewsOfSets(job, plan, network, sets, random).catch((error: unknown) => {
    // Features of fewer views would not be those of these photos; what was learned of the whole photos stands.
    if (!(error instanceof PhotoError) || work.best === undefined) throw error;
    const message = `${error.message} Its views are missing, so that nothing more is learned than of the whole photos.`;
    job.onEvent?.({ event: "warning", code: "photo-lost", message });
    return undefined;
  });
  if (views === undefined) return undefined;
  work.views = views;
  const fitted = await fitAndTell(work, views.features);
  // Both have been measured by the same photos.
  if (head !== undefined && !better(fitted.losses, head.losses, job.classes.length)) {
    job.onEvent?.({ event: "not-better" });
    return undefined;
  }
  return kept(work, fitted);
};
