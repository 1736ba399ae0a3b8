import { describe, expect, it } from "vitest";
import { worstMistakes } from "../chosen-photos.js";
import { evaluation } from "../confusion.js";
import { rowsOfSaid, type SaidOfPhoto, saidOfPhoto } from "../said-of-photo.js";
import type { ReportData } from "./report-data.js";
import { reportPage } from "./report-page.js";

function dataOf(said: readonly SaidOfPhoto[], classes: readonly string[], more: Partial<ReportData> = {}): ReportData {
  const { truth, probabilities } = rowsOfSaid(said, classes.length);
  return {
    title: "run",
    classes,
    measured: { photos: "test photos", how: "", said, evaluation: evaluation(classes, truth, probabilities) },
    heldOut: undefined,
    warnings: [],
    epochs: [
      {
        ...{ phase: "head", epoch: 1, loss: 0.1, accuracy: 0.9, val_loss: 0.2, val_accuracy: 0.8 },
        ...{ learning_rate: 0, seconds: 1 },
      },
    ],
    bestEpoch: 1,
    mistakes: worstMistakes(said, 12),
    unsure: [],
    doubtful: [],
    equal: [],
    skipped: [],
    sets: [{ name: "to train with", counts: classes.map(() => 1) }],
    sizes: [],
    samples: classes.map(() => []),
    commands: [],
    model: "",
    facts: [],
    pictures: { small: () => undefined, large: () => undefined },
    ...more,
  };
}

/** Addresses of the page's own places, and the places that there are. */
function placesOf(page: string): { readonly links: string[]; readonly ids: string[] } {
  const all = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map(([, name = ""]) => name);
  return { links: all(/href="#([^"]*)"/g), ids: all(/ id="([^"]*)"/g) };
}

describe("reportPage", () => {
  it("keeps names that are written from right to left from turning what stands beside them", () => {
    const classes = ["ورود", "dog"];
    const page = reportPage(
      dataOf([saidOfPhoto("a.jpg", 0, [0.4, 0.6]), saidOfPhoto("b.jpg", 1, [0.7, 0.3])], classes),
    );
    expect(page).toContain("<bdi>dog</bdi>, taken for <bdi>ورود</bdi> (70.0 %)");
    expect(page).toContain("<bdi>ورود</bdi> taken for <bdi>dog</bdi>: 1 photo");
  });

  it("leads each number of the matrix to its photos, and has each place once", () => {
    const page = reportPage(
      dataOf([saidOfPhoto("cat/1.jpg", 0, [0.2, 0.8]), saidOfPhoto("dog/2.jpg", 1, [0.3, 0.7])], ["cat", "dog"]),
    );
    const { links, ids } = placesOf(page);
    expect(links).toEqual(expect.arrayContaining(["cell-1-2", "cell-2-2"]));
    expect(links.filter((link) => !ids.includes(link))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(page).toContain("<bdi>cat</bdi> taken for <bdi>dog</bdi>: 1 photo");
  });

  it("takes names of classes, files and reasons for nothing but text", () => {
    const evil = `"><script>alert(1)</script><img src=x onerror='a'>\u001b[2J\u202e`;
    const page = reportPage(
      dataOf([saidOfPhoto(`${evil}/1.jpg`, 0, [0.2, 0.8])], [evil, "dog"], {
        ...{ title: evil, warnings: [evil], skipped: [{ path: evil, reason: evil }], model: evil },
        ...{ equal: [{ paths: [evil, "b"], harm: "labels" }], commands: [{ command: evil, about: evil }] },
        ...{ facts: [{ heading: evil, rows: [[evil, evil]] }], samples: [[evil], []] },
      }),
    );
    expect(page).not.toMatch(/<script|<img src=x|onerror='a'>/);
    expect(page).not.toMatch(/\p{Cc}(?<!\n)|\u202e/u);
    expect(page).toContain("default-src &#39;none&#39;; img-src data:; ");
  });

  it("stays below 5 MB with 10,000 photos of 30 classes, all of them mixed up, and as many pictures as there may be", () => {
    const classes = Array.from({ length: 30 }, (_, index) => `a class of things, number ${index}`);
    const said = Array.from({ length: 10_000 }, (_, index) => {
      const probabilities = classes.map((_, label) => (label === (index * 7 + (index >> 5)) % 30 ? 0.8 : 0.2 / 29));
      return saidOfPhoto(
        `train/${classes[index % 30] ?? ""}/IMG_20260131_120000_${index}.jpg`,
        index % 30,
        probabilities,
      );
    });
    // What `reportPictures` gives at most, of usual size.
    const pictures = new Map(
      said.slice(0, 1000).map(({ path }) => [path, `data:image/webp;base64,${"A".repeat(3000)}`]),
    );
    const page = reportPage(
      dataOf(said, classes, { pictures: { small: (path) => pictures.get(path), large: () => undefined } }),
    );
    expect(page.split("data:image/webp").length - 1).toBe(1000);
    expect(Buffer.byteLength(page)).toBeLessThan(5e6);
  });

  it("lists the most frequent mistakes where a matrix of the classes would fill no screen", () => {
    const classes = Array.from({ length: 1000 }, (_, index) => `c${index}`);
    const said = Array.from({ length: 2000 }, (_, index) => {
      const probabilities = new Float32Array(1000);
      probabilities[index < 1500 ? index % 1000 : (index + 1) % 1000] = 1;
      return saidOfPhoto(`${index}.jpg`, index % 1000, probabilities);
    });
    const page = reportPage(dataOf(said, classes));
    expect(page).toContain("300 more pairs of classes were mixed up");
    expect(placesOf(page).links.filter((link) => !placesOf(page).ids.includes(link))).toEqual([]);
    expect(Buffer.byteLength(page)).toBeLessThan(2e6);
  });
});
