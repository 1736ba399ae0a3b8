import { describe, expect, it } from "vitest";
import { Generator } from "../random/generator.js";
import { croppedTo, drawView, mirror, wholeView } from "./view.js";

/** A photo in which each pixel says where it is. */
function numbered(width: number, height: number) {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    data.set([pixel % width, Math.floor(pixel / width), 7], pixel * 3);
  return { width, height, data };
}

describe("views of photos", () => {
  it("lie inside the photo, show at least a quarter of it, and are mirrored half of the time", () => {
    const random = new Generator(1);
    const views = Array.from({ length: 2000 }, () => drawView(random));
    for (const { left, top, width, height } of views) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(1 + 1e-12);
      expect(top + height).toBeLessThanOrEqual(1 + 1e-12);
      expect(width * height).toBeGreaterThanOrEqual(0.25 - 1e-12);
      expect(width / height).toBeGreaterThan(0.749);
      expect(width / height).toBeLessThan(1.334);
    }
    const mirrored = views.filter((view) => view.mirrored).length;
    // Four standard deviations of 2,000 tosses.
    expect(Math.abs(mirrored - 1000)).toBeLessThan(90);
  });

  it("of the whole are the photo itself", () => {
    const photo = numbered(5, 3);
    expect(croppedTo(photo, wholeView)).toEqual(photo);
  });

  it("take their own pixels, row by row", () => {
    const { width, height, data } = croppedTo(numbered(10, 8), {
      left: 0.2,
      top: 0.5,
      width: 0.3,
      height: 0.25,
      mirrored: false,
    });
    expect([width, height]).toEqual([3, 2]);
    expect([...data]).toEqual([2, 4, 7, 3, 4, 7, 4, 4, 7, 2, 5, 7, 3, 5, 7, 4, 5, 7]);
  });

  it("keep a pixel of photos that are only one wide", () => {
    const { width, height } = croppedTo(numbered(1, 40), {
      left: 0.7,
      top: 0.9,
      width: 0.3,
      height: 0.1,
      mirrored: false,
    });
    expect([width, height]).toEqual([1, 4]);
  });

  it("are mirrored by exchanging columns, whole pixels at a time", () => {
    const { data } = numbered(3, 3);
    expect([...mirror(data, 3)].filter((_, place) => place % 3 === 0)).toEqual([2, 1, 0, 2, 1, 0, 2, 1, 0]);
    expect([...data].filter((_, place) => place % 3 === 1)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
  });
});
