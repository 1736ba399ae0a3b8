import { extname } from "node:path";

/** Endings of files that hold networks. */
export const networkEndings: readonly string[] = [".onnx", ".keras", ".h5", ".hdf5", ".json"];

/** Whether what is asked for can only be a path. */
export function looksLikePath(network: string): boolean {
  return /[\\/]/.test(network) || networkEndings.includes(extname(network).toLowerCase());
}
