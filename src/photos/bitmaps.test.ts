import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/support/golden.js";
import { decodePhoto } from "./decode.js";
import { PhotoError } from "./photo-error.js";

interface Case {
  /** Base64. */
  readonly file: string;
  readonly rgb: readonly number[];
  readonly alpha?: readonly number[];
}

const { width, height, cases } = await readGolden<{
  readonly width: number;
  readonly height: number;
  readonly cases: Readonly<Record<string, Case>>;
}>("bitmaps.json");

function bytesOf(name: string): Uint8Array {
  return new Uint8Array(Buffer.from(cases[name]?.file ?? "", "base64"));
}

/** Why a file is refused. */
async function reasonOf(bytes: Uint8Array, limitPixels?: number): Promise<string> {
  const error: unknown = await decodePhoto(bytes, { limitPixels }).catch((cause: unknown) => cause);
  if (!(error instanceof PhotoError)) throw new Error("not refused");
  return error.reason;
}

describe("BMP and PPM", () => {
  it.each(Object.entries(cases))("%s has Pillow's pixels", async (name, { rgb, alpha }) => {
    const photo = await decodePhoto(bytesOf(name));
    expect([photo.width, photo.height]).toEqual([width, height]);
    expect(Array.from(photo.data)).toEqual(rgb);
    expect(photo.alpha && Array.from(photo.alpha)).toEqual(alpha);
  });

  it.each(Object.keys(cases))("%s that is cut off or changed is a picture or a PhotoError", async (name) => {
    const whole = bytesOf(name);
    for (let length = 3; length < whole.length; length += 1 + Math.floor(whole.length / 40)) {
      expect(await reasonOf(whole.slice(0, length)).catch(() => "whole")).toMatch(/truncated|damaged|whole/);
    }
    for (let at = 2; at < Math.min(whole.length, 60); at++) {
      for (const value of [0, 1, 127, 255]) {
        const changed = whole.slice();
        changed[at] = value;
        await decodePhoto(changed, { limitPixels: 1e6 }).catch((error: unknown) => {
          if (!(error instanceof PhotoError)) throw error;
        });
      }
    }
  });

  it("without its end is truncated, and a size that nothing can hold is refused before it is made", async () => {
    for (const name of ["24 bits", "runs of 8 bits", "P6", "P3"]) {
      expect(await reasonOf(bytesOf(name).slice(0, -8))).toMatch(/truncated: its end is missing/);
    }
    const huge = bytesOf("24 bits");
    new DataView(huge.buffer).setInt32(18, 100_000, true);
    new DataView(huge.buffer).setInt32(22, -100_000, true);
    expect(await reasonOf(huge)).toBe("100000 × 100000 pixels are more than the limit of 200 million");
    const claimed = new TextEncoder().encode("P6 90000 90000 255\n\0");
    expect(await reasonOf(claimed)).toMatch(/90000 × 90000 pixels are more than the limit/);
    expect(await reasonOf(bytesOf("P6"), 10)).toMatch(/7 × 5 pixels/);
  });
});
