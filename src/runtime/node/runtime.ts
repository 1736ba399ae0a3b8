import "./telemetry.js";
import * as ort from "onnxruntime-node";
import { nodeCount } from "../../onnx/node-modules.js";
import { EngineError } from "../../errors/errors.js";
import { CopiesSession, divideCores } from "./copies.js";
import { processors } from "./processors.js";
import { type NamedTensors, type Runtime, type Session, Tensor } from "../runtime.js";

/** A device that sessions run on; the engine's execution provider has the same name. */
export type DeviceName = "cpu" | "cuda" | "webgpu" | "coreml" | "dml";

class NodeSession implements Session {
  readonly atOnce = 1;

  constructor(private readonly session: ort.InferenceSession) {}

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames;
  }

  async run(feeds: NamedTensors, into?: NamedTensors): Promise<Record<string, Tensor>> {
    try {
      if (into === undefined) return tensorsOfPrograms(await this.session.run(feeds));
      // The engine knows preallocated outputs by its own class of tensors, of which there are two: one for ES modules,
      // one for CommonJS. Any other is passed over without a word.
      const fetches = this.outputNames.map(
        (name) => [name, into[name] === undefined ? null : ownTensor(into[name])] as const,
      );
      const results = await this.session.run(feeds, Object.fromEntries(fetches));
      return tensorsOfPrograms(results);
    } catch (cause) {
      throw engineError("The engine failed while it ran a graph.", cause);
    }
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** What the engine gives, in the class of tensors that programs know, so that `instanceof` says yes. */
function tensorsOfPrograms(results: NamedTensors): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, data, dims }]) => [
      name,
      new Tensor(type as "float32", data as Float32Array, dims),
    ]),
  );
}

function ownTensor({ type, data, dims }: ort.Tensor): ort.Tensor {
  return new ort.Tensor(type as "float32", data as Float32Array, dims);
}

function engineError(message: string, cause: unknown): EngineError {
  return new EngineError(message, {
    subject: "onnxruntime",
    expected: "a graph and inputs that the engine can compute",
    received: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}

/**
 * The most nodes of a graph that the engine rewrites before it runs it. That takes time by the square of their number: of 8000 some seconds,
 * which the networks of the zoo never have; of 100,000 some minutes, in which this process answers nothing. As they are, such graphs run too.
 */
const mostRewritten = 10_000;

/** Number of threads that lets the engine count the cores itself. */
const engineCounts = 0;

/** How the Node runtime is set up. */
export interface NodeRuntimeOptions {
  /** Where to run; default `"cpu"`. That a device works is found out by `chooseDevice`. */
  readonly device?: DeviceName;
  /** Threads that one operator may use; default: as many as there are cores for the process, see {@link processors}. */
  readonly threads?: number;
}

/** ONNX Runtime in Node. */
export function createNodeRuntime(options: NodeRuntimeOptions = {}): Runtime {
  const device = options.device ?? "cpu";
  const threads = options.threads ?? processors().cores ?? engineCounts;
  return {
    name: `onnxruntime-node ${ort.env.versions.node ?? ort.env.versions.common} ${device} ${threads}`,
    device,
    async createSession(model, { runBytes } = {}) {
      const cores = threads === engineCounts ? processors().threads : threads;
      const division = runBytes === undefined ? undefined : divideCores(model.byteLength + runBytes, cores);
      if (device === "cpu" && division !== undefined && division.copies > 1) {
        return CopiesSession.create(model, division);
      }
      try {
        const session = await ort.InferenceSession.create(model, {
          executionProviders: [device],
          intraOpNumThreads: threads,
          graphOptimizationLevel: nodeCount(model) > mostRewritten ? "disabled" : "all",
          // DirectML refuses sessions that plan their memory ahead.
          enableMemPattern: device !== "dml",
          // What fails is thrown. The engine's own lines on stderr would hold names of nodes as their files have them.
          logSeverityLevel: 4,
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
