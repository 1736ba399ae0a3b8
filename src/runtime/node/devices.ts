import "./telemetry.js";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import * as ort from "onnxruntime-node";
import { EngineError, UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import { input } from "../../graph/value.js";
import { matmul } from "../../ops/matmul.js";
import type { DeviceName } from "./runtime.js";
import { graphBytes } from "../session.js";

/** A device, or `auto`: the best that works on this computer. */
export type Device = DeviceName | "auto";

/**
 * Best first. CoreML stands behind WebGPU because it leaves all convolutions whose weights are fed, and so all training, to
 * the processor.
 */
const preference = ["cuda", "dml", "webgpu", "coreml", "cpu"] as const;

/** What devices there are; tests put in their own. */
export interface DeviceSupport {
  /** Devices that the installed engine was built for; the libraries and drivers of some may be missing. */
  readonly built: readonly string[];
  /** Runs something small on a device; rejects where that fails, with an EngineError where the engine says why. */
  readonly attempt: (device: DeviceName) => Promise<void>;
}

/** A driver that has not answered by then hangs, in ms. */
const patience = 60_000;

/** Multiplies `[[1, 2], [3, 4]]` by itself on a device, and writes the product, or what went wrong. */
const trial = `
const [, engine, device, model] = process.argv;
const { InferenceSession, Tensor } = require(engine);
const x = new Tensor("float32", [1, 2, 3, 4], [2, 2]);
InferenceSession.create(Buffer.from(model, "base64"), { executionProviders: [device], enableMemPattern: false })
  .then((session) => session.run({ x }))
  .then(({ y }) => console.log(y.data.join()), (error) => console.log(error.message));
`;

/**
 * Tries a device in a process of its own, because drivers that are broken or half installed crash, hang, or write on stderr
 * whatever they like.
 */
async function attempt(device: DeviceName): Promise<void> {
  // The engine is part of this package; what it has for the processor needs no trial.
  if (device === "cpu") return;
  const x = input("x", "float32", [2, 2]);
  const model = Buffer.from(graphBytes({ y: matmul(x, x) })).toString("base64");
  const engine = createRequire(import.meta.url).resolve("onnxruntime-node");
  const { stdout } = await promisify(execFile)(process.execPath, ["--eval", trial, engine, device, model], {
    timeout: patience,
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
  });
  const answer = stdout.trim();
  if (answer !== "7,10,15,22")
    throw new EngineError(`The device "${device}" does not work.`, { subject: device, received: answer });
}

const installed: DeviceSupport = {
  get built() {
    return ort.listSupportedBackends().map(({ name }) => name);
  },
  attempt,
};

/** Why a device does not work, in a line. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof EngineError ? (cause.received ?? cause.message) : "its driver crashes or hangs";
  const [line = ""] = text.split("\n");
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/**
 * The devices that work on this computer, best first: each was tried.
 *
 * @param support default: the installed engine
 */
export async function availableDevices(support: DeviceSupport = installed): Promise<DeviceName[]> {
  const working: DeviceName[] = [];
  for (const device of preference.filter((name) => support.built.includes(name))) {
    await support.attempt(device).then(
      () => working.push(device),
      () => undefined,
    );
  }
  return working;
}

async function refuse(wanted: string, received: string, support: DeviceSupport, advice?: string): Promise<never> {
  const usable = [...(await availableDevices(support)), "auto"];
  const isName = wanted === "auto" || preference.some((name) => name === wanted);
  const hint = advice ?? (isName ? "The installed onnxruntime-node decides which devices there are." : undefined);
  throw new UsageError(`The device "${wanted}" is not available here.`, {
    subject: "device",
    expected: `one of ${usable.join(", ")}`,
    received,
    advice: hint ?? didYouMean(wanted, usable) ?? "",
  });
}

/**
 * Finds out that a device works, or which one does: something small is run on it.
 *
 * @param wanted name of a device, or `auto` for the best that works
 * @param support default: the installed engine
 * @returns the device
 * @throws UsageError when it is not available; the error lists those that are
 */
export async function chooseDevice(wanted: string, support: DeviceSupport = installed): Promise<DeviceName> {
  const candidates = preference.filter((name) => support.built.includes(name));
  if (wanted === "auto") {
    for (const device of candidates) {
      const works = await support.attempt(device).then(
        () => true,
        () => false,
      );
      if (works) return device;
    }
    return refuse(wanted, "an engine on which no device works", support);
  }
  const device = candidates.find((name) => name === wanted);
  if (device === undefined) return refuse(wanted, wanted, support);
  try {
    await support.attempt(device);
    return device;
  } catch (cause) {
    const advice =
      device === "cuda"
        ? "It needs CUDA 12 and cuDNN 9, and the engine's CUDA libraries: install onnxruntime-node without ONNXRUNTIME_NODE_INSTALL=skip."
        : undefined;
    return refuse(wanted, `${wanted}, which fails: ${reasonOf(cause)}`, support, advice);
  }
}
