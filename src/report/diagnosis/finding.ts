/** What a training may suffer from. */
export type FindingCode =
  | "overfitting"
  | "underfitting"
  | "noisy-validation"
  | "still-improving"
  | "learning-rate-too-high"
  | "too-few-photos"
  | "alike-features"
  | "validation-too-easy";

/** Something that figures of a training say, in words, with what to do. */
export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
}
