import { layers, models, setDevice, Tensor } from "graft-ml";
import { expect, test } from "vitest";
import { platform } from "../../models/platform.js";
import { availableDevices } from "../../runtime/node/devices.js";

test("models run where setDevice says, with the weights that they have", async () => {
  const model = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(3)]);
  const x = new Tensor("float32", [1, 2, 3, 4], [2, 2]);
  const before = await model.predict(x, { verbose: 0 });
  const old = platform();
  const device = await setDevice("auto");
  expect(platform().runtime.device).toBe(device);
  expect(await availableDevices()).toContain(device);
  const after = await model.predict(x, { verbose: 0 });
  (before.data as Float32Array).forEach((value, index) => {
    expect(after.data[index]).toBeCloseTo(value, 4);
  });
  expect(await setDevice("cpu")).toBe("cpu");
  expect(platform().files).toBe(old.files);
});

test("a device that there is not leaves things as they are", async () => {
  const { runtime } = platform();
  await expect(setDevice("gpu" as "cpu")).rejects.toThrow(/"gpu" is not available.*cpu, auto/s);
  expect(platform().runtime).toBe(runtime);
});
