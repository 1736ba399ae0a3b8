import { dirname, join } from "node:path";
import { z } from "zod";
import { measuredFacts } from "./measured-facts.js";
import { runInputs } from "./run-inputs.js";
import { FileError } from "../errors/errors.js";
import { shellWord } from "../errors/shell-word.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularText } from "../files/regular-file.js";
import { foundInstead, parseStrangerJson } from "../files/stranger-json.js";
import { checkpointsIn } from "./checkpoints.js";
import { runFiles } from "./run-files.js";

/** More than a record of a million photos has. */
const mostBytes = 2 ** 29;

const paths = z.array(z.string());
const skipped = z.object({ path: z.string(), reason: z.string() });

const trunk = z.object({
  convolutions: z.number(),
  of: z.number(),
  float32: z.array(z.string()),
  moved: z.number(),
  photos: z.number(),
  val_accuracy: z.number(),
  exact_val_accuracy: z.number().optional(),
});

/** Figures that imbalance of classes cannot fool. */
const measured = z.object({
  photos: z.number(),
  /** Of photos as they come: the losses beside `val_loss` count photos by their class, where classes have weights. */
  loss: z.number(),
  /** The 95 % interval of the accuracy that so many new photos of the same kind will show; older records lack it. */
  accuracy_interval: z.object({ low: z.number(), high: z.number(), photos: z.number() }).optional(),
  balanced_accuracy: z.number(),
  calibration_error: z.number(),
  per_class: z.array(
    z.object({
      label: z.string(),
      photos: z.number(),
      predicted: z.number(),
      recall: z.number().nullable(),
      precision: z.number().nullable(),
      f1: z.number().nullable(),
    }),
  ),
});

/** What is needed of a record to leave out photos that a run was trained with. */
const splitRecord = z.object({
  data: z.object({
    directory: z.string(),
    fingerprint: z.string(),
    /** Photos that could not be used; older records may lack them. */
    skipped: z.array(skipped).optional(),
  }),
  split: z.object({
    division: z.enum(["folders", "drawn"]),
    training: paths,
    validation: paths,
    /** What the model has learned from, the validation photos among them once they have measured it; older records lack it. */
    learned_from: paths.optional(),
  }),
});

const extrapolated = z.object({ value: z.number(), low: z.number(), high: z.number() });
const extrapolatedPoint = z.object({ photos: z.number(), accuracy: extrapolated, loss: extrapolated });
const fallingCurve = z.object({ floor: z.number(), slope: z.number() });

/** The one schema of `run.json`: it says what is written, and checks what is read. */
export const runRecord = z.object({
  /** 2 since a run can be repeated; records of format 1 lack `inputs` and checksums. */
  format: z.union([z.literal(1), z.literal(2)]),
  versions: z.record(z.string(), z.string()),
  /** ISO 8601. */
  started: z.string(),
  finished: z.string(),
  /** From the command to the record. */
  seconds: z.number(),
  training_seconds: z.number(),
  device: z.string(),
  interrupted: z.boolean(),
  /** What the user asked for, by option; `null` left the choice to the recipe. */
  configuration: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  network: z.object({
    name: z.string(),
    licence: z.string(),
    preprocess: z.string(),
    /** Where a network in a file has its preprocessing from; older records lack it. */
    preprocess_source: z.string().optional(),
    image_size: z.number(),
    /** How photos become pictures: the share of their sides that is seen, whether a square is cut out, and how pixels between pixels are found. */
    crop: z.number().optional(),
    keep_proportions: z.boolean().optional(),
    interpolation: z.string().optional(),
    /** A layer, `all`, or `none` also where the second phase was left out or never reached. */
    unfrozen_from: z.string(),
  }),
  data: splitRecord.shape.data.extend({ classes: z.array(z.string()), skipped: z.array(skipped) }),
  /** How much photos counted by their class: the weight of a photo, 1 on the mean; older records lack it. */
  class_weights: z
    .object({
      kind: z.enum(["none", "balanced", "given"]),
      /** Whether it was asked for; else it follows from the numbers of photos. */
      asked: z.boolean(),
      by_class: z.record(z.string(), z.number()),
      /** What was asked for, by file or word. */
      given: z.union([z.enum(["none", "balanced"]), z.record(z.string(), z.number())]).optional(),
    })
    .optional(),
  /** What went into the run. */
  inputs: runInputs
    .omit({ photos: true })
    .extend({
      /** SHA-256 of `photos.jsonl` beside this file, which has the SHA-256 of every photo. */
      photos_sha256: z.string(),
      /** What was measured on the machine to choose how to compute. */
      measured: measuredFacts,
    })
    .optional(),
  /** SHA-256 of `model.onnx`. */
  model_sha256: z.string().optional(),
  /** On how many photos `model.onnx` was compared with what was measured, and the greatest difference of a probability. */
  model_checked: z.object({ photos: z.number(), difference: z.number() }).optional(),
  /** Whether it is of `graft tune`, whose search is decided by the clock. */
  searched: z.boolean().optional(),
  split: splitRecord.shape.split.extend({ seed: z.number(), test: paths }),
  result: z.object({
    epochs: z.number(),
    best_epoch: z.number(),
    loss: z.number(),
    accuracy: z.number(),
    val_loss: z.number(),
    val_accuracy: z.number(),
    test_loss: z.number().optional(),
    test_accuracy: z.number().optional(),
    test_photos: z.number().optional(),
    /** What the figures suffer from; the codes stand in docs/training-advice.md. */
    warnings: z.array(z.object({ code: z.string(), message: z.string() })).optional(),
    /** How many photos more would help. */
    learning_curve: z
      .object({
        points: z.array(z.object({ photos: z.number(), accuracy: z.number(), loss: z.number() })),
        now: extrapolatedPoint,
        doubled: extrapolatedPoint,
        gain: extrapolated,
        /** The share that is wrong, and the loss, are `floor + slope / √photos`. */
        curves: z.object({ error: fallingCurve, loss: fallingCurve }),
      })
      .optional(),
    /** What was found with photos that taught nothing: the validation photos, or all by cross-validation. */
    held_out: measured
      .extend({ set_threshold: z.number().optional(), distance_threshold: z.number().optional() })
      .optional(),
    /** The same of the test photos, as far as they could be read. */
    test: measured.optional(),
    trunk: trunk.optional(),
  }),
});

/** All that is needed to understand a run, and to repeat it. */
export type RunRecord = z.infer<typeof runRecord>;

/** What a run says of its photos. */
export type SplitRecord = z.infer<typeof splitRecord>;

/**
 * Reads what a run says of its photos, where there is a run.
 *
 * @param model path of its `model.onnx`
 * @returns `undefined` when no `run.json` lies beside it
 * @throws FileError when there is one that is not Graft's
 */
export async function readSplitRecord(model: string): Promise<SplitRecord | undefined> {
  try {
    return await read(dirname(model), splitRecord);
  } catch (cause) {
    if (cause instanceof FileError && errorCode(cause.cause) === "ENOENT") return undefined;
    throw cause;
  }
}

/**
 * Reads the record of a run, also one of an earlier format.
 *
 * @param run the run's folder
 * @throws FileError when there is none, or one that is not Graft's
 */
export async function readRunRecord(run: string): Promise<RunRecord> {
  return read(run, runRecord);
}

async function read<T>(run: string, schema: z.ZodType<T>): Promise<T> {
  const file = join(run, runFiles.record);
  let text: string;
  try {
    text = await readRegularText(file, { most: mostBytes });
  } catch (cause) {
    if (errorCode(cause) === "ENOENT" && (await checkpointsIn(run)) === "begun") throw notEnded(run, file, cause);
    throw fileSystemError(cause, file, "read");
  }
  try {
    return parseStrangerJson(text, schema);
  } catch (cause) {
    throw new FileError(`${file} is not the record of a run.`, {
      subject: file,
      expected: "what `graft train` has written",
      received: foundInstead(cause),
      advice: "Restore the file, or remove it: the model works without it.",
      cause,
    });
  }
}

function notEnded(run: string, file: string, cause: unknown): FileError {
  return new FileError(`${run} has not come to its end: it has no ${runFiles.record} yet.`, {
    subject: file,
    expected: "a run that has ended",
    received: "one that is still under way, or was stopped",
    advice: `Wait for its end, or go on with it if it was stopped: graft train --resume ${shellWord(run, process.platform)}`,
    cause,
  });
}
