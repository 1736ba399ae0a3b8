import { basename } from "node:path";
import { applications, type models } from "graft-ml";
import { describe, expect, it, vi } from "vitest";
import { readGolden } from "../../test/support/golden.js";
import type { DownloadOptions } from "../files/download.js";
import { clearSession } from "../nn/names.js";

/** A call, and the file that Keras downloads for it. */
interface Row {
  readonly name: string;
  readonly alpha?: number;
  readonly minimalistic?: boolean;
  readonly side?: number | null;
  readonly top: boolean;
  /** The model's name. */
  readonly model: string;
  readonly file: string;
  readonly url: string;
  readonly hash: string | null;
}

interface Golden {
  readonly rows: readonly Row[];
  /** Of the layer that EfficientNet has with published weights only. */
  readonly scale: readonly number[];
}

const { rows, scale } = await readGolden<Golden>("application-files.json");
const { asked } = vi.hoisted(() => ({ asked: [] as unknown[] }));

vi.mock(import("../files/download.js"), async (importOriginal) => ({
  ...(await importOriginal()),
  downloadFile: async ({ url, destination, checksum }: DownloadOptions) => {
    asked.push({ url, file: basename(destination), hash: checksum?.hex ?? null });
    return Promise.resolve();
  },
}));

vi.mock(import("../formats/keras/load-weights-file.js"), () => ({ loadWeightsFile: async () => Promise.resolve([]) }));

const functions = applications as unknown as Readonly<Record<string, (options: object) => Promise<models.Model>>>;

describe("the published weights of networks in widths", () => {
  it.each([...new Set(rows.map(({ name }) => name))])("of %s are Keras's", async (called) => {
    for (const { name, top, side, alpha, minimalistic, model: modelName, ...file } of rows) {
      if (name !== called) continue;
      const inputShape = typeof side === "number" ? [side, side, 3] : undefined;
      asked.length = 0;
      const model = await functions[name]?.({ includeTop: top, alpha, minimalistic, inputShape });
      expect(asked).toEqual([file]);
      expect(model?.name).toBe(modelName);
    }
  });

  it("of EfficientNet come with a layer more", async () => {
    clearSession();
    const { layers } = await applications.EfficientNetB0({ includeTop: false });
    expect(layers.slice(1, 4).map(({ name }) => name)).toEqual(["rescaling", "normalization", "rescaling_1"]);
    const own = layers[3]?.getConfig()["scale"] as readonly number[];
    own.forEach((factor, channel) => {
      expect(factor).toBeCloseTo(scale[channel] ?? 0, 6);
    });
  });
});
