import { expect, test } from "vitest";
import { float32 } from "../../onnx/tensor-data.js";
import { writeHdf5 } from "./write-hdf5.js";

// Nothing above loads the HDF5 library: like `graft export --to keras`, the first to need it writes.
test("a process whose first need of HDF5 is to write writes a file that is read again", async () => {
  const bytes = await writeHdf5([{ path: "", datasets: { x: float32(Float32Array.of(1.5, -2), [2]) } }]);
  const { withHdf5 } = await import("./hdf5.js");
  const read = await withHdf5(bytes, "a.h5", (file) => file.float32("/x"));
  expect([...read.data]).toEqual([1.5, -2]);
});
