import * as ort from "onnxruntime-node";
import { EngineError, UsageError } from "../errors/errors.js";
import { processors } from "./node-processors.js";
import type { NamedTensors, Runtime, Session } from "./runtime.js";

/** Names of devices, as people say them, and the execution providers behind them. */
const providers = { cpu: "cpu", cuda: "cuda", webgpu: "webgpu", coreml: "coreml", dml: "dml" } as const;

/** A device that a session can run on; `auto` takes the fastest that the installed engine has and that works. */
export type Device = keyof typeof providers | "auto";

/** Fastest first. */
const preference = ["cuda", "coreml", "dml", "webgpu", "cpu"] as const;

/** Devices that the installed engine was built for. */
export function availableDevices(): string[] {
  const built = new Set(ort.listSupportedBackends().map(({ name }) => name));
  return Object.entries(providers).flatMap(([device, provider]) => (built.has(provider) ? [device] : []));
}

class NodeSession implements Session {
  constructor(private readonly session: ort.InferenceSession) {}

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames;
  }

  async run(feeds: NamedTensors, into?: NamedTensors): Promise<Record<string, ort.Tensor>> {
    try {
      if (into === undefined) return await this.session.run(feeds);
      // The engine knows preallocated outputs by its own class of tensors, of which there are two: one for ES modules,
      // one for CommonJS. Any other is passed over without a word.
      const fetches = this.outputNames.map(
        (name) => [name, into[name] === undefined ? null : ownTensor(into[name])] as const,
      );
      const results = await this.session.run(feeds, Object.fromEntries(fetches));
      return { ...results };
    } catch (cause) {
      throw engineError("The engine failed while it ran a graph.", cause);
    }
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

function ownTensor({ type, data, dims }: ort.Tensor): ort.Tensor {
  return new ort.Tensor(type as "float32", data as Float32Array, dims);
}

function engineError(message: string, cause: unknown): EngineError {
  return new EngineError(message, {
    subject: "onnxruntime",
    received: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}

/** Number of threads that lets the engine count the cores itself. */
const engineCounts = 0;

/** How the Node runtime is set up. */
export interface NodeRuntimeOptions {
  /** Where to run; default `"cpu"`. */
  readonly device?: Device;
  /** Threads that one operator may use; default: as many as there are cores for the process, see {@link processors}. */
  readonly threads?: number;
}

function chooseDevice(wanted: Device): Exclude<Device, "auto"> {
  const available = availableDevices();
  if (wanted === "auto") return preference.find((device) => available.includes(device)) ?? "cpu";
  if (available.includes(wanted)) return wanted;
  throw new UsageError(`The device "${wanted}" is not available here.`, {
    subject: "device",
    expected: `one of ${[...available, "auto"].join(", ")}`,
    received: wanted,
    advice: "The installed onnxruntime-node decides which devices there are.",
  });
}

/**
 * ONNX Runtime in Node.
 *
 * @throws UsageError when the device is not one that the installed engine has
 */
export function createNodeRuntime(options: NodeRuntimeOptions = {}): Runtime {
  const device = chooseDevice(options.device ?? "cpu");
  const threads = options.threads ?? processors().cores ?? engineCounts;
  return {
    device,
    async createSession(model) {
      try {
        const session = await ort.InferenceSession.create(model, {
          executionProviders: [providers[device]],
          intraOpNumThreads: threads,
          graphOptimizationLevel: "all",
          logSeverityLevel: 3,
          // Threads that go on waiting busily after a run take the processor from the next session, and from decoding.
          extra: { session: { force_spinning_stop: "1" } },
        });
        return new NodeSession(session);
      } catch (cause) {
        throw engineError("The engine refused a graph.", cause);
      }
    },
  };
}
