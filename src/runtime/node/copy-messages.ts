import { type NamedTensors, Tensor } from "../runtime.js";

/** Tensors by name, as they can be sent to another thread. */
export type PlainTensors = Readonly<
  Record<string, { readonly type: string; readonly data: Uint8Array; readonly dims: readonly number[] }>
>;

/** What a thread is told. */
export interface CopyData {
  readonly model: SharedArrayBuffer;
  /** Cores that an operator may use. */
  readonly cores: number;
}

/** What a thread is asked: the names of inputs and outputs, or a run. */
export type CopyJob = "names" | PlainTensors;

/** What it gives. */
export type CopyResult = { readonly inputs: readonly string[]; readonly outputs: readonly string[] } | PlainTensors;

/** Tensors as they go from thread to thread: a view would take all that it is a view of with it. */
export function plainTensors(tensors: NamedTensors): PlainTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { type, data, dims }]) => {
      const values = data as Uint8Array;
      const own = values.byteLength === values.buffer.byteLength ? values : values.slice();
      return [name, { type, data: own, dims: [...dims] }];
    }),
  );
}

/** The reverse of {@link plainTensors}. */
export function tensorsOf(plain: PlainTensors): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(plain).map(([name, { type, data, dims }]) => [name, new Tensor(type as "uint8", data, dims)]),
  );
}
