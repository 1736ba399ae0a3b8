import { applications, utils } from "graft-ml";
import { describe, expect, it, vi } from "vitest";
import { networks } from "./networks.js";

// As if the published file had been loaded.
vi.mock(import("./pretrained-weights.js"), async (importOriginal) => ({
  ...(await importOriginal()),
  pretrainedFile: async () => Promise.resolve("published.h5"),
}));
vi.mock(import("../formats/keras/load-weights-file.js"), () => ({ loadWeightsFile: async () => Promise.resolve([]) }));

describe("EfficientNet with published weights", () => {
  it("divides pixels by the root of the deviation once more, as their file needs it", async () => {
    utils.clearSession();
    const { layers } = await applications.EfficientNetB0({ includeTop: false });
    expect(layers.slice(1, 4).map(({ name }) => name)).toEqual(["rescaling", "normalization", "rescaling_1"]);
    const factors = layers[3]?.getConfig()["scale"] as readonly number[];
    [0.229, 0.224, 0.225].forEach((deviation, channel) => {
      expect((factors[channel] ?? 0) ** 2).toBeCloseTo(1 / deviation, 6);
    });
  });

  it("does so as a network to be grafted onto, too, with a file of one's own", async () => {
    const network = networks.find(({ record }) => record.name === "efficientnetb0");
    const model = await network?.load({ imageSize: 64, weights: "mine.h5" });
    expect(model?.layers[3]?.className).toBe("Rescaling");
    const base = await applications.EfficientNetB0({ weights: "mine.h5", includeTop: false });
    expect(base.layers[3]?.className).toBe("ZeroPadding2D");
  });

  it("does not without them, and the second generation never", async () => {
    utils.clearSession();
    const { layers } = await applications.EfficientNetB0({ includeTop: false, weights: null });
    expect(layers.slice(1, 4).map(({ name }) => name)).toEqual(["rescaling", "normalization", "stem_conv_pad"]);
    const second = await applications.EfficientNetV2S({ includeTop: false, includePreprocessing: false });
    expect(second.layers[1]?.name).toBe("stem_conv");
    expect(second.pretrained?.standardization.scale[0]).toBeCloseTo(1 / 127.5);
  });
});
