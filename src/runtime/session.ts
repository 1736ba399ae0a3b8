import { writeModel } from "../onnx/write-model.js";
import type { Outputs } from "../graph/graph.js";
import { serialize, type SerializeOptions } from "../graph/serialize.js";
import { prepare } from "../passes/prepare.js";
import type { Runtime, Session } from "./runtime.js";

/** The bytes of an ONNX model of the graph that the outputs reach, ready to run. */
export function graphBytes(outputs: Outputs, options: SerializeOptions = {}): Uint8Array {
  return writeModel(serialize(prepare(outputs), options));
}

/**
 * Makes a session of the graph that the outputs reach.
 *
 * @param runtime where it will run
 * @param outputs the graph's outputs by name
 * @throws EngineError when the engine refuses the graph
 */
export async function createSession(
  runtime: Runtime,
  outputs: Outputs,
  options: SerializeOptions = {},
): Promise<Session> {
  return runtime.createSession(graphBytes(outputs, options));
}
