import { expect, test } from "vitest";
import { backend, layers } from "graft-ml";

test("backend answers what scripts ask Keras's", () => {
  expect([backend.epsilon(), backend.floatx(), backend.imageDataFormat()]).toEqual([1e-7, "float32", "channels_last"]);
  backend.clearSession();
  expect(new layers.Dense(1).name).toBe("dense");
});
