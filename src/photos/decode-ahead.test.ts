import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeAhead } from "./decode-ahead.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-ahead-"));
  for (let index = 0; index < 6; index++) {
    // The first ones are the largest, so that they are decoded last.
    const side = 400 - 60 * index;
    await sharp({ create: { width: side, height: side, channels: 3, background: "#123456" } }).toFile(
      join(folder, `${index}.png`),
    );
  }
  await writeFile(join(folder, "3.png"), "no photo");
});
afterAll(() => rm(folder, { recursive: true }));

const items = Array.from({ length: 6 }, (_, index) => ({ index, name: `${index}.png` }));

test.each([1, 3, 100])("photos come in their order, broken ones with a reason, %i ahead", async (ahead) => {
  const seen: (number | string)[] = [];
  for await (const decoded of decodeAhead(
    items.map(({ name }) => ({ path: join(folder, name) })),
    { ahead },
  )) {
    seen.push("photo" in decoded ? decoded.photo.width : decoded.reason.slice(0, 9));
  }
  expect(seen).toEqual([400, 340, 280, "it is not", 160, 100]);
});

test("of none there is none, and a reader may stop early", async () => {
  expect((await decodeAhead([]).next()).done).toBe(true);
  let count = 0;
  for await (const { item } of decodeAhead(items.map(({ name }) => ({ path: join(folder, name) })))) {
    count++;
    if (item.path.endsWith("1.png")) break;
  }
  expect(count).toBe(2);
});
