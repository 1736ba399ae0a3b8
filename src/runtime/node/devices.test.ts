import { describe, expect, it } from "vitest";
import { EngineError, UsageError } from "../../errors/errors.js";
import { availableDevices, chooseDevice, type DeviceSupport } from "./devices.js";

/** An engine that was built for some devices, of which some work. */
function engine(built: readonly string[], working: readonly string[]): DeviceSupport & { readonly tried: string[] } {
  const tried: string[] = [];
  return {
    built,
    tried,
    attempt(device) {
      tried.push(device);
      return working.includes(device)
        ? Promise.resolve()
        : Promise.reject(
            new EngineError("It fails.", { subject: device, received: `no driver of ${device}\nat line 3` }),
          );
    },
  };
}

describe("auto", () => {
  it("takes the best device that works", async () => {
    const built = ["cpu", "webgpu", "cuda", "tensorrt"];
    expect(await chooseDevice("auto", engine(built, ["cpu", "webgpu", "cuda"]))).toBe("cuda");
    expect(await chooseDevice("auto", engine(built, ["cpu", "webgpu"]))).toBe("webgpu");
    expect(await chooseDevice("auto", engine(built, ["cpu"]))).toBe("cpu");
    expect(await chooseDevice("auto", engine(["cpu", "coreml", "webgpu"], ["cpu", "coreml", "webgpu"]))).toBe("webgpu");
    expect(await chooseDevice("auto", engine(["cpu", "dml", "webgpu"], ["cpu", "dml", "webgpu"]))).toBe("dml");
  });

  it("tries nothing that the engine was not built for, and nothing behind what works", async () => {
    const support = engine(["cpu", "webgpu", "cuda"], ["cpu", "webgpu"]);
    await chooseDevice("auto", support);
    expect(support.tried).toEqual(["cuda", "webgpu"]);
  });

  it("takes what works on this computer", async () => {
    expect(await availableDevices()).toContain(await chooseDevice("auto"));
  });
});

describe("a device by name", () => {
  it("is taken where it works", async () => {
    expect(await chooseDevice("cuda", engine(["cpu", "cuda"], ["cpu", "cuda"]))).toBe("cuda");
    expect(await chooseDevice("cpu")).toBe("cpu");
  });

  it("that the engine was not built for is refused, with a list of those that work", async () => {
    const chosen = chooseDevice("coreml", engine(["cpu", "webgpu", "cuda"], ["cpu", "webgpu"]));
    await expect(chosen).rejects.toThrow(UsageError);
    await expect(chosen).rejects.toThrow(/"coreml" is not available here\. Expected: one of webgpu, cpu, auto\./);
  });

  it("that does not work is refused, with the reason", async () => {
    const chosen = chooseDevice("webgpu", engine(["cpu", "webgpu"], ["cpu"]));
    await expect(chosen).rejects.toThrow(
      /Expected: one of cpu, auto\. Received: .*no driver of webgpu\. The installed/,
    );
    await expect(chosen).rejects.not.toThrow(/at line 3/);
  });

  it("whose driver crashes is refused", async () => {
    const support = { built: ["cpu", "webgpu"], attempt: () => Promise.reject(new Error("Command failed")) };
    await expect(chooseDevice("webgpu", support)).rejects.toThrow(/webgpu, which fails: its driver crashes or hangs/);
  });

  it("that is none is refused, with the nearest names", async () => {
    await expect(chooseDevice("gpu", engine(["cpu"], ["cpu"]))).rejects.toThrow(/Received: gpu\. Did you mean "cpu"/);
  });

  it("that this computer lacks is refused by the installed engine", async () => {
    const working = await availableDevices();
    expect(working).toContain("cpu");
    for (const device of ["cuda", "coreml", "dml", "webgpu"] as const) {
      if (working.includes(device)) continue;
      await expect(chooseDevice(device)).rejects.toThrow(/is not available here.*cpu, auto/s);
    }
  });
});
