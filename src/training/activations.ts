import type { Batch, BatchSource } from "../models/batch-source.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { fromTensor, type NamedTensors, toTensor } from "../runtime/runtime.js";
import { type KeptActivations, keptActivations, type Rows } from "./kept-activations.js";
import type { Programs } from "./programs.js";

/**
 * Boundary activations of batches, from the trunk or kept from an earlier round.
 *
 * Where a source gives the same sample each time, the sample crosses the trunk once, whatever the number of epochs.
 */
export class Activations {
  private readonly kept: KeptActivations | undefined;

  /** @param keep whether activations are kept for a next round; only those of a reproducible source ever are */
  constructor(
    private readonly programs: Programs,
    private readonly source: BatchSource,
    keep = true,
  ) {
    const pointless = source.inMemory === true && !programs.hasTrunk;
    this.kept =
      keep && source.reproducible && !pointless ? keptActivations(source, programs.trunk(source).identity) : undefined;
  }

  private keptRows({ keys }: Batch): readonly Rows[] | undefined {
    const rows = keys.map((key) => this.kept?.get(key)).filter((row) => row !== undefined);
    return rows.length === keys.length ? rows : undefined;
  }

  /** Begins to load a batch, unless its activations are kept; give the result to {@link of}. */
  load(batch: Batch): Promise<NamedTensors> | undefined {
    return this.keptRows(batch) === undefined ? batch.load() : undefined;
  }

  /** The boundary activations of a batch, by the names of the programs' inputs. */
  async of(batch: Batch, loading = this.load(batch)): Promise<NamedTensors> {
    const rows = this.keptRows(batch);
    if (rows !== undefined) return this.assemble(rows);
    const feeds = await (loading ?? batch.load());
    const trunk = await this.programs.trunk(this.source).session;
    const needed = Object.fromEntries(trunk.inputNames.flatMap((name) => (feeds[name] ? [[name, feeds[name]]] : [])));
    const activations = await trunk.run(needed);
    batch.keys.forEach((key, row) => this.kept?.add(key, () => rowOf(activations, row)));
    return activations;
  }

  private assemble(rows: readonly Rows[]): NamedTensors {
    const assembled = this.programs.boundaryNames.map((name) => {
      const parts = rows.flatMap((row) => row[name] ?? []);
      const size = parts[0]?.data.length ?? 0;
      const data = new Float32Array(size * parts.length);
      parts.forEach((part, index) => {
        data.set(part.data, index * size);
      });
      return [name, toTensor(float32(data, [parts.length, ...(parts[0]?.dims ?? [])]))] as const;
    });
    return Object.fromEntries(assembled);
  }
}

/** A copy of one sample of a batch's activations. */
function rowOf(activations: NamedTensors, row: number): Rows {
  const rows = Object.entries(activations).map(([name, tensor]): [string, TensorData<"float32">] => {
    const dims = tensor.dims.slice(1);
    const size = dims.reduce((product, extent) => product * extent, 1);
    return [name, float32((fromTensor(tensor).data as Float32Array).slice(row * size, (row + 1) * size), dims)];
  });
  return Object.fromEntries(rows);
}
