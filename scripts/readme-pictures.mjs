// Makes the pictures of the README from the run of a demo: node scripts/readme-pictures.mjs runs/demo-…
// They show no photo: those of the demo are under a licence of their own.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import sharp from "sharp";

const [run] = process.argv.slice(2);
if (run === undefined || !existsSync(join(run, "report.html"))) {
  console.error("Name the folder of a run with a report.html.");
  process.exit(2);
}
const browser = await chromium.launch({
  executablePath: process.env.GRAFT_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 1000, height: 1400 }, deviceScaleFactor: 1.5 });
await page.goto(pathToFileURL(resolve(run, "report.html")).href);
const write = async (name, clip) => {
  const picture = await page.screenshot({ clip, fullPage: true });
  await sharp(picture)
    .png({ palette: true, colours: 64 })
    .toFile(join("docs", "images", name));
};
const matrix = await page.locator(".matrix").boundingBox();
const curves = await page.locator("#curves details").boundingBox();
await write("report.png", { x: 0, y: 0, width: 1000, height: curves.y + curves.height + 16 });
await write("confusion.png", {
  x: matrix.x - 8,
  y: matrix.y - 8,
  width: matrix.width + 16,
  height: matrix.height + 16,
});
await browser.close();
