import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodePhoto } from "../../src/photos/decode.js";
import { openExportable } from "../../src/recipe/export/exportable.js";
import { htmlTarget } from "../../src/recipe/export/html-target.js";
import { openClassifier } from "../../src/recipe/open-classifier.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { chromiumPath, startChromium, violations } from "../support/chromium.js";
import { drawnPixels, hostileLabels, writeExportable } from "../support/exportable-run.js";

/** Drops a black picture as soon as the page has been read. */
const dropEarly = `document.addEventListener("DOMContentLoaded", () => {
  const canvas = document.createElement("canvas");
  canvas.getContext("2d").fillRect(0, 0, 100, 75);
  const [, base64] = canvas.toDataURL("image/png").split(",");
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "early.png", { type: "image/png" }));
  const status = document.getElementById("status").textContent;
  const taken = !document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true }));
  globalThis.early = { status, taken };
});`;

describe.skipIf(chromiumPath === undefined)("the page of graft export --to html", () => {
  const runtime = createNodeRuntime({ threads: 1 });
  let folder = "";
  let browser: Browser;
  let photos: readonly string[] = [];
  const page = (): string => pathToFileURL(join(folder, "page.html")).href;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "graft-page-"));
    const drawn = await writeExportable(folder);
    const jpeg = join(folder, "photo.jpg");
    const lying = join(folder, "turned.jpg");
    const see = join(folder, "see through.png");
    const raw = { width: 90, height: 60, channels: 3 } as const;
    await sharp(drawnPixels(90, 60, 3), { raw })
      .jpeg({ quality: 90, chromaSubsampling: "4:4:4" })
      .toFile(jpeg);
    await sharp(drawnPixels(90, 60, 3), { raw })
      .jpeg({ quality: 90, chromaSubsampling: "4:4:4" })
      .withMetadata({ orientation: 6 })
      .toFile(lying);
    const half = Uint8Array.from({ length: 20 * 20 * 4 }, (_, index) =>
      index % 4 === 3 ? (index % 8 < 4 ? 0 : 255) : 70,
    );
    await sharp(half, { raw: { width: 20, height: 20, channels: 4 } })
      .png()
      .toFile(see);
    photos = [...drawn, see, jpeg, lying];
    const { files } = await htmlTarget.write(await openExportable(join(folder, "run")), {
      ...{ options: {}, runtime, onProgress: () => undefined },
      photos: () => Promise.reject(new Error("no photos in this test")),
    });
    await writeFile(join(folder, "page.html"), files.get("page.html") ?? "");
    browser = await startChromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  /** Opens the page without a network; what it says on the console, and what it asks for, is collected. */
  async function open(
    options: BrowserContextOptions = {},
    first?: string,
  ): Promise<{ readonly tab: Page; readonly heard: string[] }> {
    const context = await browser.newContext({ offline: true, bypassCSP: false, ...options });
    const tab = await context.newPage();
    if (first !== undefined) await tab.addInitScript(first);
    const heard: string[] = [];
    tab.on("console", (message) => heard.push(message.text()));
    tab.on("pageerror", (error) => heard.push(error.message));
    tab.on("request", (request) => {
      if (!/^(file|blob|data):/.test(request.url())) heard.push(request.url());
    });
    await tab.goto(page());
    const ready = first === undefined ? /^Ready\.$/ : /^Ready\.$|: /;
    await expect.poll(() => tab.textContent("#status")).toMatch(ready);
    return { tab, heard };
  }

  /** What it says of the photo that was looked at last. */
  async function latest(tab: Page, count: number): Promise<Map<string, number>> {
    await expect.poll(() => tab.locator("#results > li").count()).toBe(count);
    const rows = tab.locator("#results > li:first-child .classes > li");
    const said = await rows.evaluateAll((items) =>
      items.map((item) => {
        const { label = "", probability = "" } = (item as unknown as { dataset: Record<string, string> }).dataset;
        return [label, Number(probability)] as const;
      }),
    );
    return new Map(said);
  }

  test("says what graft predict says, offline, from disk, and writes nothing on the console", async () => {
    const { tab, heard } = await open();
    const classifier = await openClassifier(runtime, join(folder, "run"));
    for (const [index, path] of photos.entries()) {
      await tab.setInputFiles("#files", path);
      const said = await latest(tab, index + 1);
      const { probabilities } = await classifier.predict(await decodePhoto(path));
      expect([...said.keys()].sort()).toEqual([...hostileLabels].sort());
      // Decoders of JPEG may round to the neighbouring level; of PNG none does, and what shines through is laid on white by both.
      const tolerance = path.endsWith(".jpg") ? 0.02 : path.includes("through") ? 0.02 : 1e-5;
      classifier.labels.forEach((label, place) => {
        expect(Math.abs((said.get(label) ?? NaN) - (probabilities[place] ?? NaN)), path).toBeLessThan(tolerance);
      });
    }
    await classifier.release();
    await expect.poll(() => tab.textContent("#status")).toMatch(/^turned\.jpg: /);
    expect(heard).toEqual([]);
    await tab.context().close();
  });

  test("files that are no pictures are named, and the next ones looked at", async () => {
    const { tab, heard } = await open();
    await writeFile(join(folder, "text.jpg"), "this is no photo");
    await copyFile(photos[0] ?? "", join(folder, "<b>rose & co.png"));
    await tab.setInputFiles("#files", [join(folder, "text.jpg"), join(folder, "<b>rose & co.png")]);
    await latest(tab, 2);
    expect(await tab.locator("#results h3").allTextContents()).toEqual([expect.stringMatching(/ %$/), "Not read"]);
    expect(await tab.locator("#results b").count()).toBe(0);
    expect(heard).toEqual([]);
    await tab.context().close();
  });

  test("a HEIC picture is named as one", async () => {
    const { tab, heard } = await open();
    await writeFile(join(folder, "phone.HEIC"), "\0\0\0\u0018ftypheic");
    await tab.setInputFiles("#files", join(folder, "phone.HEIC"));
    await latest(tab, 1);
    expect(await tab.textContent("#results > li")).toContain("save it as JPEG first");
    expect(heard).toEqual([]);
    await tab.context().close();
  });

  test("what is dropped before the classifier is open waits for it", async () => {
    const { tab, heard } = await open({}, dropEarly);
    await latest(tab, 1);
    expect(await tab.evaluate("globalThis.early")).toEqual({ status: "Getting ready …", taken: true });
    expect(heard).toEqual([]);
    await tab.context().close();
  });

  test("takes what is pasted and dropped, and pictures of a camera", async () => {
    const { tab, heard } = await open({ permissions: ["camera"] });
    for (const type of ["paste", "drop"]) {
      // A black picture, as another program gives one to the page.
      await tab.evaluate(`new Promise((resolve) => {
        const canvas = document.createElement("canvas");
        canvas.getContext("2d").fillRect(0, 0, 100, 75);
        canvas.toBlob((blob) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([blob], "given.png", { type: "image/png" }));
          document.dispatchEvent(
            ${JSON.stringify(type)} === "paste"
              ? new ClipboardEvent("paste", { clipboardData: transfer })
              : new DragEvent("drop", { dataTransfer: transfer }),
          );
          resolve();
        });
      })`);
    }
    await latest(tab, 2);
    await tab.click("#camera");
    await tab.click("#take");
    await latest(tab, 3);
    await tab.click("#stop");
    expect(await tab.isVisible("#viewer")).toBe(false);
    expect(heard).toEqual([]);
    await tab.context().close();
  });

  test.each([
    { width: 360, colorScheme: "light" },
    { width: 1280, colorScheme: "dark" },
  ] as const)("axe-core finds nothing, and nothing sticks out: %j", async ({ width, colorScheme }) => {
    // Its policy lets no script in, and so not axe-core.
    const { tab } = await open({ bypassCSP: true, colorScheme, viewport: { width, height: 800 } });
    await tab.setInputFiles("#files", photos[0] ?? "");
    await latest(tab, 1);
    expect(await violations(tab)).toEqual([]);
    const wide = await tab.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
    expect(wide).toBeLessThanOrEqual(0);
    await tab.context().close();
  });

  test("may connect to nothing", async () => {
    const { tab } = await open({ offline: false });
    const refused = await tab.evaluate(() =>
      fetch("http://127.0.0.1:9/").then(
        () => "fetched",
        (error: unknown) => String(error),
      ),
    );
    expect(refused).toMatch(/Failed to fetch|Content Security Policy/);
    const policy = await tab.getAttribute('meta[http-equiv="Content-Security-Policy"]', "content");
    expect(policy).toMatch(/default-src 'none';.*connect-src 'none'/);
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')/);
    await tab.context().close();
  });
});
