import { expect, test } from "vitest";
import type { FileError } from "../errors/errors.js";
import { fileSystemError } from "../files/file-system-errors.js";
import { withNewPlace } from "./lost-photos.js";

const missing = (path: string): FileError =>
  fileSystemError(Object.assign(new Error("none"), { code: "ENOENT" }), path, "read");
const places = { directory: "/photos", network: "/networks/one.onnx" };

test("a run whose photos or network have moved says how to name them", () => {
  expect(withNewPlace(missing("/photos"), "my run", places)).toMatchObject({
    subject: "/photos",
    received: "no such file or folder",
    advice: expect.stringMatching(/graft train DIR --resume ['"]my run['"]$/) as unknown,
  });
  expect(withNewPlace(missing("/networks/one.onnx"), "run", places)).toMatchObject({
    advice: expect.stringMatching(/graft train --resume run --network FILE$/) as unknown,
  });
});

test("errors of something else stay as they are", () => {
  for (const error of [missing("/elsewhere"), new Error("no"), fileSystemError(new Error("other"), "/photos", "read")])
    expect(withNewPlace(error, "run", places)).toBe(error);
});
