import type { NetworkRecord } from "../applications/backbone.js";
import type { EpochRow, FineTuneResult } from "../recipe/fine-tune-types.js";

/** What `--json` writes, one object a line. Names and fields are others' to build on: none changes silently. */
export type CliEvent =
  | {
      readonly event: "start";
      /** Path of the run folder. */
      readonly run: string;
      readonly network: string;
      readonly classes: readonly string[];
      /** Number of photos of all sets. */
      readonly photos: number;
      /** Where the network runs, such as `cpu`. */
      readonly device: string;
    }
  | {
      readonly event: "progress";
      readonly stage: "downloading" | "reading" | "features" | "training" | "comparing" | "evaluating";
      readonly unit: "bytes" | "photos" | "steps";
      readonly done: number;
      /** `null` when it is not known. */
      readonly total: number | null;
      /** Which download. */
      readonly what?: string;
      readonly epoch?: number;
      readonly epochs?: number;
      readonly loss?: number;
      readonly accuracy?: number;
    }
  | ({ readonly event: "epoch"; readonly epochs: number } & EpochRow)
  | { readonly event: "warning"; readonly code: string; readonly message: string }
  | { readonly event: "skipped"; readonly path: string; readonly reason: string }
  | {
      readonly event: "prediction";
      readonly path: string;
      readonly label: string;
      readonly probability: number;
      /** By label. */
      readonly probabilities: Readonly<Record<string, number>>;
    }
  | ({ readonly event: "network" } & Pick<NetworkRecord, "name" | "description" | "licence" | "preprocess"> & {
        readonly image_size: number;
      })
  | {
      readonly event: "kept";
      /** Name of the folder. */
      readonly name: string;
      readonly model: string;
      /** Photos and their augmented variants. */
      readonly photos: number;
      readonly bytes: number;
      /** ISO 8601. */
      readonly last_used: string;
    }
  | TrainDone
  | EvaluateDone
  | { readonly event: "done"; readonly folder: string; readonly bytes: number; readonly cleared: boolean }
  | { readonly event: "done"; readonly photos: number; readonly skipped: number; readonly device: string }
  | { readonly event: "done"; readonly networks: number }
  | { readonly event: "error"; readonly code?: string; readonly message: string };

/** The end of `graft train`; figures are those of the best epoch. */
export interface TrainDone {
  readonly event: "done";
  readonly run: string;
  readonly model: string;
  /** How many were trained. */
  readonly epochs: number;
  readonly best_epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly val_loss: number;
  readonly val_accuracy: number;
  readonly seconds: number;
  /** Only where the folder has test photos. */
  readonly test_loss?: number;
  readonly test_accuracy?: number;
  /** Only with `--trunk-precision int8`: what 8 bits cost. */
  readonly trunk?: NonNullable<FineTuneResult["trunk"]>;
}

/** The end of `graft evaluate`. */
export interface EvaluateDone {
  readonly event: "done";
  readonly device: string;
  readonly photos: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly per_class: readonly {
    readonly label: string;
    readonly photos: number;
    readonly predicted: number;
    readonly recall: number | null;
    readonly precision: number | null;
  }[];
  /** `[class][predicted class]`: numbers of photos, in the order of `per_class`. */
  readonly confusion: readonly (readonly number[])[];
}
