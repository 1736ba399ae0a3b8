import type { Batch, BatchSource } from "../models/batch-source.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { fromTensor, type NamedTensors, toTensor } from "../runtime/runtime.js";
import type { Programs } from "./programs.js";

type Rows = Readonly<Record<string, TensorData<"float32">>>;

/**
 * Boundary activations of batches, from the trunk or kept from an earlier round.
 *
 * Where a source gives the same sample each time, the sample crosses the trunk once, whatever the number of epochs.
 */
export class Activations {
  private readonly kept = new Map<number, Rows>();
  private keptBytes = 0;

  /**
   * @param limit bytes that kept activations may take; beyond it samples cross the trunk again
   */
  constructor(
    private readonly programs: Programs,
    private readonly source: BatchSource,
    private readonly limit = 2 ** 31,
  ) {}

  private isKept({ keys }: Batch): boolean {
    return keys.every((key) => this.kept.has(key));
  }

  /** Begins to load a batch, unless its activations are kept; give the result to {@link of}. */
  load(batch: Batch): Promise<NamedTensors> | undefined {
    return this.isKept(batch) ? undefined : batch.load();
  }

  /** The boundary activations of a batch, by the names of the programs' inputs. */
  async of(batch: Batch, loading = this.load(batch)): Promise<NamedTensors> {
    if (this.isKept(batch)) return this.assemble(batch);
    const feeds = await (loading ?? batch.load());
    const trunk = await this.programs.trunk(this.source);
    const needed = Object.fromEntries(trunk.inputNames.flatMap((name) => (feeds[name] ? [[name, feeds[name]]] : [])));
    const activations = await trunk.run(needed);
    if (this.source.reproducible) this.keep(batch, activations);
    return activations;
  }

  private keep({ keys }: Batch, activations: NamedTensors): void {
    keys.forEach((key, row) => {
      if (this.kept.has(key) || this.keptBytes >= this.limit) return;
      const rows = Object.entries(activations).map(([name, tensor]): [string, TensorData<"float32">] => {
        const { dims } = tensor;
        const size = dims.slice(1).reduce((product, extent) => product * extent, 1);
        const data = (fromTensor(tensor).data as Float32Array).slice(row * size, (row + 1) * size);
        this.keptBytes += data.byteLength;
        return [name, float32(data, dims.slice(1))];
      });
      this.kept.set(key, Object.fromEntries(rows));
    });
  }

  private assemble({ keys }: Batch): NamedTensors {
    const rows = keys.map((key) => this.kept.get(key) ?? {});
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
