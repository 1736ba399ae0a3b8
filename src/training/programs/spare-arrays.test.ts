import { describe, expect, it } from "vitest";
import { float32 } from "../../onnx/tensor-data.js";
import { SpareArrays } from "./spare-arrays.js";

describe("arrays that steps write into", () => {
  it("are those that came back under the same name", () => {
    const spares = new SpareArrays();
    const [first, other] = [spares.take("a", float32([1, 2], [2])), spares.take("b", float32([1], [1]))];
    spares.giveBack("a", first);
    expect(spares.take("b", other)).not.toBe(first);
    expect(spares.take("a", first)).toBe(first);
  });

  it("are lent once", () => {
    const spares = new SpareArrays();
    const first = spares.take("a", float32([1, 2], [2]));
    spares.giveBack("a", first);
    expect(spares.take("a", first)).toBe(first);
    expect(spares.take("a", first)).not.toBe(first);
  });

  it("were made for it: arrays of others are left alone", () => {
    const spares = new SpareArrays();
    const others = float32([1, 2], [2]);
    spares.giveBack("a", others);
    const taken = spares.take("a", others);
    expect(taken.data).not.toBe(others.data);
    expect(taken.dims).toEqual([2]);
  });
});
