import type { TrainingState } from "../models/training-types.js";
import type { TensorData } from "../onnx/tensor-data.js";
import type { FamiliarPhotos } from "./familiar-photos.js";
import type { FineTuneJob } from "./fine-tune-types.js";

/** A tensor that takes long to make: from the job's journal where it has been made before. */
export async function remembered(
  { journal }: FineTuneJob,
  what: string,
  make: () => Promise<TensorData<"float32">>,
): Promise<TensorData<"float32">> {
  if (journal === undefined) return make();
  return journal.remember(
    what,
    make,
    (tensor) => ({ facts: null, tensors: { tensor } }),
    (state) => tensorOf(state, "tensor"),
  );
}

/** A tensor of what was kept. */
export function tensorOf({ tensors }: TrainingState, name: string): TensorData<"float32"> {
  const tensor = tensors[name];
  // The store has checked that the file is what was kept.
  if (tensor === undefined) throw new TypeError(`Nothing was kept under "${name}".`);
  return tensor;
}

/** The same of what a classifier knows when it sees it again; `undefined` where the job was stopped meanwhile. */
export async function rememberedFamiliar(
  { journal }: FineTuneJob,
  make: () => Promise<FamiliarPhotos | undefined>,
): Promise<FamiliarPhotos | undefined> {
  if (journal === undefined) return make();
  return journal.remember<FamiliarPhotos | undefined>(
    "familiar photos",
    make,
    ({ features, threshold = null }) => ({ facts: threshold, tensors: { features } }),
    (state) => ({
      features: tensorOf(state, "features"),
      threshold: (state.facts as number | null) ?? undefined,
    }),
  );
}
