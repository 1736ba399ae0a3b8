import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { withHdf5 } from "./hdf5.js";
import { checkHeaps } from "./check-hdf5.js";
import { writeHdf5 } from "./write-hdf5.js";

/** Where a heap of strings begins. */
function heapOf(bytes: Uint8Array): number {
  return Buffer.from(bytes).indexOf("GCOL");
}

async function damaged(change: (view: DataView, heap: number) => void): Promise<Uint8Array> {
  const bytes = await writeHdf5([{ path: "", attributes: { first: "a text", second: "another one" }, datasets: {} }]);
  change(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), heapOf(bytes));
  return bytes;
}

describe("checkHeaps", () => {
  it("takes what the library writes", async () => {
    const bytes = await damaged(() => undefined);
    expect(heapOf(bytes)).toBeGreaterThan(0);
    expect(() => {
      checkHeaps(bytes, "a.h5");
    }).not.toThrow();
  });

  it.each<[string, (view: DataView, heap: number) => void]>([
    [
      "free space of no size",
      (view, heap) => {
        view.setUint16(heap + 16, 0, true);
        view.setBigUint64(heap + 24, 0n, true);
      },
    ],
    [
      "free space behind the end",
      (view, heap) => {
        view.setUint16(heap + 16, 0, true);
        view.setBigUint64(heap + 24, 0x0300000000000000n, true);
      },
    ],
    [
      "a text behind the end",
      (view, heap) => {
        view.setBigUint64(heap + 24, 5000n, true);
      },
    ],
  ])("refuses %s, which the library would follow for ever", async (_, change) => {
    const bytes = await damaged(change);
    await expect(withHdf5(bytes, "a.h5", () => undefined)).rejects.toThrow(/a\.h5 is a damaged HDF5 file.*their heap/s);
  });

  it("refuses the file that kept the library for ever", async () => {
    const bytes = await readFile(new URL("../../../test/fixtures/endless.h5", import.meta.url));
    await expect(withHdf5(bytes, "endless.h5", () => undefined)).rejects.toThrow(/damaged HDF5 file/);
  });
});
