import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as common from "onnxruntime-common";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { EngineError } from "../../errors/errors.js";
import { input } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { writeModel } from "../../onnx/write-model.js";
import { add, mul } from "../../ops/elementwise.js";
import { scalar } from "../../ops/constants.js";
import { createNodeRuntime } from "./runtime.js";
import { fromTensor, Tensor, toTensor } from "../runtime.js";
import { createSession, graphBytes } from "../session.js";

const runtime = createNodeRuntime({ threads: 1 });
const x = input("x", "float32", ["N", 2]);

describe("preallocated outputs", () => {
  it("are written in place, whichever class of tensor holds them", async () => {
    // The engine has a class of tensors of its own, and looks for preallocated outputs by `instanceof`; what comes from
    // onnxruntime-common may be another one, and would be passed over without a word.
    const session = await createSession(runtime, { twice: mul(x, scalar("float32", 2)), more: add(x, x) });
    const feeds = { x: toTensor(float32([1, 2, 3, 4], [2, 2])) };
    for (const Class of [common.Tensor, ort.Tensor, Tensor]) {
      const target = new Float32Array(4);
      const results = await session.run(feeds, { twice: new Class("float32", target, [2, 2]) });
      expect([...target]).toEqual([2, 4, 6, 8]);
      expect([...(results["twice"]?.data as Float32Array)]).toEqual([2, 4, 6, 8]);
      expect([...(results["more"]?.data as Float32Array)]).toEqual([2, 4, 6, 8]);
    }
    await session.release();
  });

  it("are written in place where the output is an input's own value", async () => {
    const w = input("w", "float32", [2]);
    const session = await createSession(runtime, { kept: w, sum: add(x, w) });
    const target = new Float32Array(2);
    const feeds = { x: toTensor(float32([1, 2], [1, 2])), w: toTensor(float32([5, 6], [2])) };
    await session.run(feeds, { kept: toTensor(float32(target, [2])) });
    expect([...target]).toEqual([5, 6]);
    await session.release();
  });

  it("of another size are refused", async () => {
    const session = await createSession(runtime, { twice: mul(x, scalar("float32", 2)) });
    const feeds = { x: toTensor(float32([1, 2], [1, 2])) };
    await expect(session.run(feeds, { twice: toTensor(float32([0, 0, 0], [3])) })).rejects.toThrow(EngineError);
    await session.release();
  });
});

describe("the Node runtime", () => {
  it("reports nothing to the engine's makers, and bears a long command line", async () => {
    // The engine reads the command line for its report, and overflows the stack where it is longer than some kilobytes.
    const bytes = JSON.stringify([...graphBytes({ y: add(x, x) })]);
    const code = `const { createNodeRuntime } = await import("./src/runtime/node/runtime.ts");
      await createNodeRuntime({ threads: 1 }).createSession(Uint8Array.from(${bytes}));
      console.log(process.env.ORT_DISABLE_TELEMETRY);`;
    const photos = Array.from({ length: 2000 }, (_, index) => `a folder/with some photos/of cats/${index}.jpg`);
    const args = ["--import", "tsx", "--input-type", "module", "--eval", code, ...photos];
    // What the engine finds must come from the runtime, not from this process, which has it already.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== "ORT_DISABLE_TELEMETRY"));
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toBe("1\n");
  }, 30_000);

  it("lets the engine say nothing on stderr, where names of nodes would stand as their files have them", async () => {
    const bytes = writeModel({
      ...{ irVersion: 8, opsets: { "": 17 }, producer: "test", graphName: "hostile", metadata: {} },
      nodes: [
        {
          ...{ name: "\u001b[2J\nError: forged", op: "Reshape", domain: "", inputs: ["x", "shape"], outputs: ["y"] },
          attributes: {},
        },
      ],
      inputs: [
        { name: "x", type: "float32", shape: [6] },
        { name: "shape", type: "int64", shape: [1] },
      ],
      outputs: [{ name: "y", type: "float32", shape: ["N"] }],
      constants: new Map(),
    });
    const code = `const { createNodeRuntime } = await import("./src/runtime/node/runtime.ts");
      const { Tensor } = await import("./src/runtime/runtime.ts");
      const session = await createNodeRuntime({ threads: 1 }).createSession(Uint8Array.from(${JSON.stringify([...bytes])}));
      const feeds = { x: new Tensor("float32", new Float32Array(6), [6]), shape: new Tensor("int64", [5n], [1]) };
      console.log(await session.run(feeds).then(() => "", ({ name }) => name));`;
    const args = ["--import", "tsx", "--input-type", "module", "--eval", code];
    expect(await promisify(execFile)(process.execPath, args)).toEqual({ stdout: "EngineError\n", stderr: "" });
  }, 30_000);

  it("names its inputs and outputs in the graph's order", async () => {
    const y = input("y", "float32", ["N", 2]);
    const session = await createSession(runtime, { b: add(y, x), a: mul(x, x) });
    expect(session.inputNames).toEqual(["y", "x"]);
    expect(session.outputNames).toEqual(["b", "a"]);
    await session.release();
  });

  it("says what is wrong with a graph or its inputs", async () => {
    await expect(runtime.createSession(Uint8Array.of(1, 2, 3))).rejects.toThrow(EngineError);
    const session = await createSession(runtime, { y: mul(x, x) });
    await expect(session.run({})).rejects.toThrow(/engine failed/);
    await expect(session.run({ x: toTensor(float32([1, 2, 3], [1, 3])) })).rejects.toThrow(EngineError);
    await session.release();
  });

  it("hands tensors over without copying", () => {
    const data = float32([1, 2], [2]);
    expect(fromTensor(toTensor(data)).data).toBe(data.data);
  });
});
