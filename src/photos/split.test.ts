import { describe, expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { Generator } from "../random/generator.js";
import type { Photo, PhotoSet } from "./photo.js";
import { splitPhotos } from "./split.js";

/** A set from class names and contents; files are called 0, 1, … in their class, and content is its own hash. */
function made(contents: Record<string, string[]>): { set: PhotoSet; hashes: Map<string, string> } {
  const classes = Object.keys(contents);
  const photos: Photo[] = [];
  const hashes = new Map<string, string>();
  for (const [classIndex, name] of classes.entries()) {
    for (const [index, content] of (contents[name] ?? []).entries()) {
      const path = `photos/${name}/${index}.jpg`;
      photos.push({ path, classIndex });
      hashes.set(path, content);
    }
  }
  return { set: { directory: "photos", classes, photos }, hashes };
}

const distinct = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const paths = (set: PhotoSet) => set.photos.map(({ path }) => path);
const countOf = (set: PhotoSet, classIndex: number) =>
  set.photos.filter((photo) => photo.classIndex === classIndex).length;

describe("splitPhotos", () => {
  test("takes the fraction from each class and loses no photo", () => {
    const { set, hashes } = made({ a: distinct("a", 50), b: distinct("b", 13), c: distinct("c", 2) });
    const { train, validation, duplicates, conflicts, warnings } = splitPhotos(set, hashes);
    expect([0, 1, 2].map((index) => countOf(validation, index))).toEqual([10, 3, 1]);
    expect([...paths(train), ...paths(validation)].sort()).toEqual(paths(set).sort());
    expect([duplicates, conflicts, warnings]).toEqual([[], [], []]);
    expect(countOf(splitPhotos(set, hashes, { fraction: 0.5 }).validation, 0)).toBe(25);
    expect(countOf(splitPhotos(set, hashes, { fraction: 0.001 }).validation, 0)).toBe(1);
    expect(countOf(splitPhotos(set, hashes, { fraction: 0.999 }).train, 0)).toBe(1);
  });

  test("is the same for a seed in whatever order the photos are listed, and differs between seeds", () => {
    const { set, hashes } = made({ a: distinct("a", 30), b: distinct("b", 30) });
    const once = splitPhotos(set, hashes, { seed: 5 });
    const shuffled = { ...set, photos: new Generator(1).shuffle([...set.photos]) };
    expect(splitPhotos(shuffled, hashes, { seed: 5 })).toEqual(once);
    expect(paths(splitPhotos(set, hashes, { seed: 6 }).validation)).not.toEqual(paths(once.validation));
  });

  test("draws every photo equally often over seeds", () => {
    const { set, hashes } = made({ a: distinct("a", 10), b: distinct("b", 2) });
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 2000; seed++) {
      for (const path of paths(splitPhotos(set, hashes, { seed }).validation)) {
        counts.set(path, (counts.get(path) ?? 0) + 1);
      }
    }
    for (const path of paths(set).filter((each) => each.includes("/a/"))) {
      expect(Math.abs((counts.get(path) ?? 0) - 400)).toBeLessThan(4 * Math.sqrt(2000 * 0.2 * 0.8));
    }
  });

  test("draws the same photos of a class when another class changes or a folder is renamed", () => {
    const first = made({ a: distinct("a", 40), b: distinct("b", 10) });
    const second = made({ a: distinct("a", 40), c: distinct("c", 99) });
    const ofA = ({ set, hashes }: ReturnType<typeof made>) =>
      paths(splitPhotos(set, hashes).validation).filter((path) => path.includes("/a/"));
    expect(ofA(second)).toEqual(ofA(first));
  });

  test("keeps identical files on one side and reports them", () => {
    const { set, hashes } = made({ a: distinct("a", 30).flatMap((each) => [each, each, each]), b: distinct("b", 30) });
    for (let seed = 0; seed < 20; seed++) {
      const { train, validation, duplicates, conflicts } = splitPhotos(set, hashes, { seed });
      const trained = new Set(paths(train).map((path) => hashes.get(path)));
      expect(paths(validation).filter((path) => trained.has(hashes.get(path)))).toEqual([]);
      expect(countOf(validation, 0)).toBe(18);
      expect(duplicates).toHaveLength(30);
      expect(conflicts).toEqual([]);
    }
  });

  test("validates with the smaller group where a class has one photo many times", () => {
    const { set, hashes } = made({ a: [...Array<string>(9).fill("same"), "other"], b: distinct("b", 5) });
    const { validation, train } = splitPhotos(set, hashes);
    expect([countOf(validation, 0), countOf(train, 0)]).toEqual([1, 9]);
    const even = made({ a: ["x", "x", "x", "y", "y", "y"], b: distinct("b", 5) });
    const split = splitPhotos(even.set, even.hashes);
    expect([countOf(split.validation, 0), countOf(split.train, 0)]).toEqual([3, 3]);
  });

  test("trains with photos that lie in two classes, and warns of them", () => {
    const { set, hashes } = made({ cats: ["x", ...distinct("a", 9)], dogs: [...distinct("b", 9), "x"] });
    for (let seed = 0; seed < 20; seed++) {
      const { train, conflicts, warnings } = splitPhotos(set, hashes, { seed, fraction: 0.5 });
      expect(paths(train)).toEqual(expect.arrayContaining(["photos/cats/0.jpg", "photos/dogs/9.jpg"]));
      expect(conflicts.map(({ photos }) => photos.map(({ path }) => path))).toEqual([
        ["photos/cats/0.jpg", "photos/dogs/9.jpg"],
      ]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]?.message).toContain("photos/cats/0.jpg (cats), photos/dogs/9.jpg (dogs)");
    }
  });

  test.each([
    ["one photo", { a: ["x"], b: ["y", "z"] }, /"a".*1 photo that differs in content/],
    ["one photo twice", { a: ["x", "x"], b: ["y", "z"] }, /"a".*1 photo that differs in content/],
    ["no photo", { a: [], b: ["y", "z"] }, /"a".*0 photos that differ in content/],
    ["only photos of other classes", { a: ["x", "y"], b: ["x", "y", "z", "u"] }, /"a".*lie in other classes too/],
  ])("refuses a class with %s", (_, contents: Record<string, string[]>, message) => {
    const { set, hashes } = made(contents);
    expect(() => splitPhotos(set, hashes)).toThrow(message);
  });

  test("is content with two different photos, of which one may lie in another class too", () => {
    const { set, hashes } = made({ a: ["x", "y"], b: ["x", "z", "u"] });
    const { train, validation } = splitPhotos(set, hashes);
    expect(paths(train)).toContain("photos/a/0.jpg");
    expect(paths(validation)).toContain("photos/a/1.jpg");
  });

  test.each([0, 1, -0.1, 1.5, Number.NaN])("refuses the fraction %s", (fraction) => {
    const { set, hashes } = made({ a: ["x", "y"], b: ["z", "u"] });
    expect(() => splitPhotos(set, hashes, { fraction })).toThrow(UsageError);
  });

  test("refuses photos without a hash", () => {
    const { set } = made({ a: ["x", "y"], b: ["z", "u"] });
    expect(() => splitPhotos(set, new Map())).toThrow(/photoHash/);
  });
});
