import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import pixelmatch from "pixelmatch";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leastSure, worstMistakes } from "../../src/report/chosen-photos.js";
import { evaluation } from "../../src/report/confusion.js";
import type { ReportData } from "../../src/report/html/report-data.js";
import { reportPage } from "../../src/report/html/report-page.js";
import { rowsOfSaid, saidOfPhoto } from "../../src/report/said-of-photo.js";
import { chromiumPath, startChromium, violations } from "../support/chromium.js";

const fewClasses = ["daisy", "dandelion", "roses", "a class with a long name of many words", "Überraschung"];

/** A picture with stripes, as a page has it. */
async function picture(seed: number, width: number, height: number): Promise<string> {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, index) => (index * (seed + 3)) % 251);
  const bytes = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .webp({ quality: 50 })
    .toBuffer();
  return `data:image/webp;base64,${bytes.toString("base64")}`;
}

async function data(classes: readonly string[] = fewClasses): Promise<ReportData> {
  const said = Array.from({ length: 120 }, (_, index) => {
    const truth = index % classes.length;
    const named = index % 7 === 0 ? (index * 3) % classes.length : truth;
    const probabilities = classes.map((__, label) => (label === named ? 0.3 + (index % 60) / 100 : 0.02));
    return saidOfPhoto(`test/${classes[truth] ?? ""}/IMG_2026013${index}.jpg`, truth, probabilities);
  });
  const { truth, probabilities } = rowsOfSaid(said, classes.length);
  const [wide, tall] = [await picture(1, 96, 60), await picture(2, 50, 96)];
  return {
    title: "flowers-20260131",
    classes,
    measured: {
      ...{ photos: "test photos", how: "They were kept apart.", said },
      evaluation: evaluation(classes, truth, probabilities),
    },
    heldOut: { accuracy: 0.91, photos: 400 },
    warnings: ["120 photos measure roughly: do not choose by smaller differences."],
    epochs: Array.from({ length: 12 }, (_, index) => ({
      ...{
        phase: index < 2 ? "head" : "fine-tune",
        epoch: index + 1,
        loss: 1 / (index + 1),
        accuracy: 0.5 + index / 30,
      },
      ...{ val_loss: 0.6 + 1 / (index + 2), val_accuracy: 0.5 + index / 40, learning_rate: 1e-5 / 3, seconds: 1.5 },
    })),
    bestEpoch: 9,
    mistakes: worstMistakes(said, 6),
    unsure: leastSure(said, 6),
    doubtful: worstMistakes(said, 4),
    equal: [{ paths: ["train/daisy/a.jpg", "train/roses/a copy.jpg"], harm: "labels" }],
    skipped: [{ path: "train/daisy/broken.jpg", reason: "truncated: its end is missing" }],
    sets: [{ name: "to train with", counts: classes.map((_, index) => 100 + index) }],
    sizes: [
      [640, 480],
      [480, 640],
      [4000, 3000],
    ],
    samples: classes.map((name) => [`train/${name}/1.jpg`, `train/${name}/2.jpg`]),
    commands: [{ about: "Name photos", command: "graft predict runs/flowers-20260131 PHOTO…" }],
    model: "model.onnx takes photos of any size.",
    facts: [{ heading: "Network", rows: [["network", "mobilenetv2"]] }],
    pictures: {
      small: (path) => (path.endsWith("9.jpg") ? undefined : path.endsWith("1.jpg") ? tall : wide),
      large: (path) => ({ photo: wide, heat: path.endsWith("0.jpg") ? undefined : tall }),
    },
  };
}

/** Fonts differ from computer to computer: pictures are compared with one that comes with the tests. */
async function withOneFont(page: Page): Promise<void> {
  const fonts = createRequire(import.meta.url);
  const face = async (weight: 400 | 700): Promise<string> => {
    const file = fonts.resolve(`@fontsource/noto-sans/files/noto-sans-latin-${weight}-normal.woff2`);
    const bytes = await readFile(file);
    return `@font-face{font-family:One;font-weight:${weight};src:url(data:font/woff2;base64,${bytes.toString("base64")})}`;
  };
  await page.addStyleTag({ content: `${await face(400)}${await face(700)}*{font-family:One !important}` });
  await page.evaluate("document.fonts.ready");
}

/** Share of the pixels that differ from the picture that is kept, of which a new one is written with `GRAFT_WRITE_PICTURES=1`. */
async function difference(page: Page, name: string): Promise<number> {
  const file = fileURLToPath(new URL(`pictures/${name}.png`, import.meta.url));
  const bytes = await page.screenshot();
  if (process.env["GRAFT_WRITE_PICTURES"] === "1") await writeFile(file, bytes);
  const pixels = async (png: Uint8Array) => sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const [seen, kept] = [await pixels(bytes), await pixels(await readFile(file))];
  const { width, height } = seen.info;
  expect([width, height]).toEqual([kept.info.width, kept.info.height]);
  return pixelmatch(seen.data, kept.data, undefined, width, height, { threshold: 0.2 }) / (width * height);
}

describe.skipIf(chromiumPath === undefined)("report.html in Chromium", () => {
  let folder = "";
  let browser: Browser;
  let address = "";
  const said: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "graft-page-"));
    const file = join(folder, "report.html");
    await writeFile(file, reportPage(await data()));
    address = pathToFileURL(file).href;
    browser = await startChromium();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function open(options: BrowserContextOptions, where = address): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", ({ message }) => said.push(message));
    page.on("request", (request) => {
      if (!/^(?:file|data):/.test(request.url())) said.push(request.url());
    });
    await page.goto(where);
    return page;
  }

  test.each([
    { name: "phone", width: 360, height: 740, colorScheme: "light" as const },
    { name: "tablet", width: 820, height: 1000, colorScheme: "dark" as const },
    { name: "screen", width: 1280, height: 900, colorScheme: "light" as const },
  ])(
    "fits a $name, without violations for axe-core, and looks as it did",
    async ({ name, width, height, colorScheme }) => {
      const page = await open({ viewport: { width, height }, colorScheme, bypassCSP: true });
      const beyond = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
      expect(beyond).toBe(0);
      await withOneFont(page);
      // Antialiasing differs between versions.
      expect(await difference(page, `report-${name}`)).toBeLessThan(0.01);
      await page.evaluate(
        'for (const one of document.querySelectorAll("details")) one.open = true; location.hash = "cell-1-1"',
      );
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    },
  );

  test("a number of the matrix opens its photos, also by keyboard", async () => {
    const page = await open({ viewport: { width: 1280, height: 900 } });
    const link = page.locator(".matrix .wrong a").first();
    const target = (await link.getAttribute("href")) ?? "";
    expect(await page.locator(target).isVisible()).toBe(false);
    await link.focus();
    await page.keyboard.press("Enter");
    expect(await page.locator(target).isVisible()).toBe(true);
    expect(await page.locator(`${target} img`).count()).toBeGreaterThan(0);
    await page.goBack();
    expect(await page.locator(target).isVisible()).toBe(false);
    await page.context().close();
  });

  test("prints", async () => {
    const page = await open({});
    const bytes = await page.pdf({ format: "A4" });
    expect(bytes.subarray(0, 5).toString()).toBe("%PDF-");
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("nav").isVisible()).toBe(false);
    expect(await page.locator(".matrix").isVisible()).toBe(true);
    await page.context().close();
  });

  /** Names of this many characters, which have their beginning and end for themselves or are words. */
  const longName = (index: number): string => `${index} ${(index % 2 === 0 ? "abcdefghij" : "some words ").repeat(20)}`;

  test.each([
    { about: "two classes", count: 2, name: (index: number) => ["cat", "dog"][index] ?? "" },
    { about: "a matrix of 12", count: 12, name: (index: number) => `class ${index}` },
    { about: "12 long names", count: 12, name: longName },
    { about: "the largest matrix", count: 30, name: (index: number) => `class_${index}` },
    { about: "the largest matrix of long names", count: 30, name: longName },
    { about: "a list of long names", count: 31, name: longName },
  ])("keeps within the paper and the screen: $about", async ({ count, name }) => {
    const file = join(folder, "other.html");
    await writeFile(file, reportPage(await data(Array.from({ length: count }, (_, index) => name(index)))));
    const page = await open({ viewport: { width: 375, height: 740 } }, pathToFileURL(file).href);
    const beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate(beyond)).toBe(0);
    const widest = (what: string, width: string): Promise<number> =>
      page.evaluate(`Math.max(0, ...[...document.querySelectorAll(${JSON.stringify(what)})].map((one) => ${width}))`);
    // What explains a table is read without scrolling it, and names of rows are no columns of letters.
    expect(await widest("caption:not(.unseen)", "one.getBoundingClientRect().right")).toBeLessThanOrEqual(375);
    if (count <= 30) expect(await widest(".matrix tbody th", "one.offsetWidth")).toBeGreaterThan(100);
    // A4, upright, between its margins; a letter is wider.
    await page.setViewportSize({ width: 703, height: 1000 });
    await page.emulateMedia({ media: "print" });
    expect(await page.evaluate(beyond)).toBe(0);
    expect(await widest(".scroll", "one.scrollWidth - one.clientWidth")).toBe(0);
    if (count <= 30) {
      expect(await widest(".matrix", "parseFloat(getComputedStyle(one).fontSize)")).toBeGreaterThanOrEqual(8);
      expect(await widest(".matrix tbody th", "one.offsetHeight")).toBeLessThan(100);
    }
    // Nobody opens a part of a sheet of paper.
    expect(await widest("details.figures .numbers", "one.offsetHeight")).toBeGreaterThan(50);
    expect(await page.locator("details.samples").isVisible()).toBe(false);
    await page.context().close();
  });

  test("says nothing to the console and asks for nothing", () => {
    expect(said).toEqual([]);
  });
});
