import type { LearningCurve } from "../../recipe/learning-curve.js";
import { wilsonInterval } from "../interval.js";
import { percent } from "../words.js";
import type { Finding } from "./finding.js";

/** A gain that is worth photos: one point. */
const worthPhotos = 0.01;

/** A 95 % interval of what is recognised of a class that says nothing. */
const anything = 0.4;

/**
 * Too few photos. By the learning curve, where there is one: with twice as many the accuracy would grow by more than a point, and
 * the 95 % interval of this gain lies above 0. Without one: the rarest class has so few photos that what is recognised of it would be
 * known to ± 20 points at best (Wilson's interval of as many photos at the validation accuracy).
 *
 * @param rarest photos of the class that has the fewest; 0 where it is not known
 * @param accuracy on photos that were held out, in [0, 1]
 */
export function tooFewPhotos(
  curve: LearningCurve | undefined,
  { rarest, accuracy }: { readonly rarest: number; readonly accuracy: number },
): Finding | undefined {
  const code = "too-few-photos";
  if (curve !== undefined) {
    const { gain, now, doubled } = curve;
    if (!(gain.low > 0 && gain.value > worthPhotos)) return undefined;
    return {
      code,
      message:
        `Twice as many photos would raise the accuracy to about ${percent(doubled.accuracy.value)} (now ` +
        `${percent(now.accuracy.value)}; the gain is ${points(gain.low)} to ${points(gain.high)} points with 95 %): more photos ` +
        "help, most of all of the classes that are mistaken for each other.",
    };
  }
  const { low, high } = wilsonInterval(accuracy, rarest);
  if (rarest === 0 || high - low <= anything) return undefined;
  return {
    code,
    message:
      `The rarest class has ${rarest === 1 ? "a single photo" : `only ${rarest} photos`}: what is recognised of it is not known to 20 ` +
      "points. Add photos; `graft train --learning-curve` says how many more would help.",
  };
}

/** Alike features: the frozen network makes the same of all photos, to a ten-thousandth of it. */
export function seesNoDifference(): Finding {
  return {
    code: "alike-features",
    message:
      "The network sees next to no difference between these photos: what it makes of them differs by less than a ten-thousandth, as of a " +
      "network that was never trained, or is given other pixels than it knows. Try another --network, and look up its --preprocess.",
  };
}

function points(share: number): string {
  return (100 * share).toFixed(1);
}
