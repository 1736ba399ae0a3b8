import type { Batch, BatchSource } from "../../models/sources/batch-source.js";
import { float32 } from "../../onnx/tensor-data.js";
import { fromTensor, type NamedTensors, toTensor } from "../../runtime/runtime.js";
import { type KeptActivations, keptActivations } from "./kept-activations.js";
import type { Programs } from "../programs/programs.js";

/** What is known of a batch before it crosses the trunk. */
export interface LoadedBatch {
  /** Kept activations, a row a sample; `undefined` for those that must be computed. */
  readonly rows: readonly (Float32Array | undefined)[];
  /** What is fed for those that must be computed; `undefined` where there are none. */
  readonly feeds: NamedTensors | undefined;
}

/**
 * Boundary activations of batches, from the trunk or kept from an earlier round or run.
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
    // Without frozen layers what crosses is the pixels themselves, which lie in memory or in the cache of decoded photos.
    this.kept =
      keep && source.reproducible && programs.hasTrunk ? keptActivations(source, programs.trunk(source)) : undefined;
  }

  /** Begins to load a batch, unless its activations lie in memory; give the result to {@link of}. */
  load(batch: Batch): Promise<LoadedBatch> | undefined {
    const { kept } = this;
    if (kept === undefined) return this.read(batch, []);
    const rows = batch.keys.map((key) => kept.inMemory(key));
    return rows.every((row) => row !== undefined) ? undefined : this.find(batch, kept);
  }

  private async find(batch: Batch, kept: KeptActivations): Promise<LoadedBatch> {
    return this.read(batch, await Promise.all(batch.keys.map((key) => kept.find(key))));
  }

  private async read(batch: Batch, rows: readonly (Float32Array | undefined)[]): Promise<LoadedBatch> {
    const missing = [...batch.keys.keys()].filter((place) => rows[place] === undefined);
    if (missing.length === 0) return { rows, feeds: undefined };
    return { rows, feeds: await batch.load(missing.length === batch.keys.length ? undefined : missing) };
  }

  /** The boundary activations of a batch, by the names of the programs' inputs. */
  async of(batch: Batch, loading = this.load(batch)): Promise<NamedTensors> {
    const { kept } = this;
    const loaded = await loading;
    if (loaded === undefined) return this.assemble(batch.keys.map((key) => kept?.inMemory(key)));
    if (loaded.feeds === undefined) return this.assemble(loaded.rows);
    const trunk = await this.programs.trunk(this.source).session;
    const { feeds } = loaded;
    const needed = Object.fromEntries(trunk.inputNames.flatMap((name) => (feeds[name] ? [[name, feeds[name]]] : [])));
    const computed = await trunk.run(needed);
    if (kept === undefined) return computed;
    const missing = [...batch.keys.keys()].filter((place) => loaded.rows[place] === undefined);
    const rows: (Float32Array | undefined)[] = [...loaded.rows];
    for (const [index, place] of missing.entries()) {
      const row = this.rowOf(computed, index);
      rows[place] = row;
      await kept.add(batch.keys[place] ?? 0, row);
    }
    return missing.length === batch.keys.length ? computed : this.assemble(rows);
  }

  /** Waits until kept activations that belong on disk are there. */
  async flush(): Promise<void> {
    await this.kept?.flush();
  }

  /** One sample's activations, one value after the other. */
  private rowOf(activations: NamedTensors, place: number): Float32Array {
    const { boundary, boundaryWidth } = this.programs;
    const [only, ...others] = boundary;
    const tensor = only && activations[only.name];
    // A view of what came from the trunk, whose samples are all kept or none: nothing is copied.
    if (tensor !== undefined && others.length === 0) {
      return (fromTensor(tensor).data as Float32Array).subarray(place * boundaryWidth, (place + 1) * boundaryWidth);
    }
    const row = new Float32Array(boundaryWidth);
    let offset = 0;
    for (const { name, size } of boundary) {
      const tensor = activations[name];
      if (tensor === undefined) throw new TypeError(`The trunk gave no "${name}".`);
      row.set((fromTensor(tensor).data as Float32Array).subarray(place * size, (place + 1) * size), offset);
      offset += size;
    }
    return row;
  }

  private assemble(rows: readonly (Float32Array | undefined)[]): NamedTensors {
    let offset = 0;
    const assembled = this.programs.boundary.map(({ name, size, dims }) => {
      const data = new Float32Array(size * rows.length);
      rows.forEach((row, place) => {
        if (row === undefined) throw new TypeError(`There are no activations of sample ${place} of a batch.`);
        data.set(row.subarray(offset, offset + size), place * size);
      });
      offset += size;
      return [name, toTensor(float32(data, [rows.length, ...dims]))] as const;
    });
    return Object.fromEntries(assembled);
  }
}
