import { describe, expect, it } from "vitest";
import { float32 } from "../../onnx/tensor-data.js";
import { heldOutOf, mayBeTaken, type MeasuredTrial, pickTrial } from "./pick-trial.js";

const photos = 40;

/** A trial whose losses are lower than 1 by a gain on the mean, and by how clear that is: photos differ by the spread. */
function trial(gain: number, spread = 0.1, mark = gain): MeasuredTrial {
  const losses = Array.from({ length: photos }, (_, photo) => 1 - gain + (photo % 2 === 0 ? spread : -spread));
  return { losses, heldOut: float32(new Float32Array(2 * photos).fill(mark), [photos, 2]) };
}

const first = trial(0);

describe("pickTrial", () => {
  it("takes the first one unless another is better beyond luck, then the one with the lowest loss", () => {
    expect(pickTrial([])).toBe(0);
    expect(pickTrial([first])).toBe(0);
    expect(pickTrial([first, trial(0.1, 2)])).toBe(0);
    expect(pickTrial([first, trial(0.3), trial(0.5), undefined, trial(0.4)])).toBe(2);
    expect(pickTrial([undefined, trial(-3), trial(-2)])).toBe(2);
  });

  it("asks for more the more there are", () => {
    // By 2.6 standard errors.
    const lucky = trial(0.411, 1 + 0.1);
    expect(pickTrial([first, lucky])).toBe(1);
    expect(pickTrial([first, lucky, ...Array<MeasuredTrial>(60).fill(first)])).toBe(0);
  });
});

describe("mayBeTaken", () => {
  it("keeps the first one, and those of which none is better in loss and clearness", () => {
    expect(mayBeTaken([first, trial(0.3), trial(0.5), undefined, trial(-1)])).toEqual([0, 2]);
    // The one is lower, the other clearer: when more is asked for, the other is left.
    const all = [first, trial(0.9, 2), trial(0.5)];
    expect(mayBeTaken(all)).toEqual([0, 1, 2]);
    expect(pickTrial(all)).toBe(1);
    expect(pickTrial([...all, ...Array<MeasuredTrial>(200).fill(first)])).toBe(2);
  });
});

describe("heldOutOf", () => {
  it("says of each photo what the trial says that the others have chosen", () => {
    const folds = Array.from({ length: photos }, (_, photo) => photo % 5);
    expect(new Set(heldOutOf([first, trial(0.5)], folds).data)).toEqual(new Set([0.5]));
    // Better on one part alone, and so not chosen for that part.
    const losses = first.losses.map((loss, photo) =>
      photo % 5 === 0 ? loss - 5 : loss + (photo % 2 === 0 ? 0.01 : -0.01),
    );
    const odd: MeasuredTrial = { losses, heldOut: trial(0, 0, 7).heldOut };
    const { data, dims } = heldOutOf([first, odd], folds);
    expect(dims).toEqual([photos, 2]);
    folds.forEach((fold, photo) => {
      expect(data[2 * photo]).toBe(fold === 0 ? 0 : 7);
    });
  });
});
