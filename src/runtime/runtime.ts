import { Tensor, type TypedTensor } from "onnxruntime-common";
import { refuse } from "../errors/check.js";
import type { ElementType, TensorData } from "../onnx/tensor-data.js";

export { Tensor };

/** Whether something is an array, whichever copy of ONNX Runtime's package made it: the engine has one of its own. */
export function isTensor(value: unknown): value is Tensor {
  return (
    typeof value === "object" &&
    value !== null &&
    "dims" in value &&
    Array.isArray(value.dims) &&
    "data" in value &&
    "type" in value
  );
}

/**
 * Refuses what is no array.
 *
 * @throws UsageError with the thing that takes one
 */
export function checkTensor(owner: string, name: string, value: unknown): void {
  if (!isTensor(value)) refuse(owner, name, 'a Tensor, such as new Tensor("float32", [1, 2], [2, 1])', value);
}

/** An array of float32: a {@link Tensor} whose type says so. */
export type Float32Tensor = TypedTensor<"float32">;

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Tensors whose memory may be handed over; beside them, because the class is ONNX Runtime's. */
const usedOnce = new WeakSet<Tensor>();

/**
 * Says that nobody uses a tensor's memory after the next run that it is fed to: it may then be handed to another thread rather
 * than copied. Memory that is copied and dropped for each photo keeps the garbage collector busy.
 *
 * @param tensor of memory that nothing else is a view of
 */
export function useOnce(tensor: Tensor): Tensor {
  usedOnce.add(tensor);
  return tensor;
}

/** Whether {@link useOnce} was said of a tensor. */
export function isUsedOnce(tensor: Tensor): boolean {
  return usedOnce.has(tensor);
}

/** A graph that is ready to run on a device. */
export interface Session {
  /** Names of the inputs, in the graph's order. */
  readonly inputNames: readonly string[];
  /** Names of the outputs, in the graph's order. */
  readonly outputNames: readonly string[];
  /** Runs that may be under way at once, and are done sooner than one after the other; 1 where there is nothing to gain. */
  readonly atOnce: number;
  /**
   * Runs the graph once.
   *
   * @param feeds a tensor for every input
   * @param into tensors to write outputs into instead of new ones, where `atOnce` is 1; the sizes must fit
   * @returns a tensor for every output
   * @throws EngineError when the engine refuses the inputs or fails
   */
  run(feeds: NamedTensors, into?: NamedTensors): Promise<Record<string, Tensor>>;
  /** Frees what the session holds; it cannot run afterwards. */
  release(): Promise<void>;
}

/** How a graph will be run. */
export interface SessionOptions {
  /**
   * For a graph that many inputs wait for: bytes that one run takes beside the graph's own. The runtime may then make several
   * copies of the graph that run at once. Default: one run at a time, which is done as soon as possible.
   */
  readonly runBytes?: number;
}

/** ONNX Runtime on some device of some platform. */
export interface Runtime {
  /** Name, version and device: where these are the same, the same graph gives the same bits on the same processor. */
  readonly name: string;
  /** The device that the sessions run on, such as `cpu`. */
  readonly device: string;
  /**
   * Prepares a graph.
   *
   * @param model bytes of an ONNX model
   * @throws EngineError when the engine refuses the graph
   */
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>;
}

/** A `Tensor` over the same values, without copying. */
export function toTensor({ type, data, dims }: TensorData): Tensor {
  // Where the platform has Float16Array, onnxruntime wants float16 in it rather than in raw bits.
  return new Tensor(type as "float32", data as Float32Array, dims);
}

/** The values of a `Tensor` that lies in main memory, without copying. */
export function fromTensor(tensor: Tensor): TensorData {
  return { type: tensor.type as ElementType, dims: tensor.dims, data: tensor.data as TensorData["data"] };
}
