/** What a repetition has come to. */
export interface Repetition {
  /** The run that was repeated. */
  readonly run: string;
  /** Whether `model.onnx` has the same bytes. */
  readonly same_model: boolean;
  /** Whether `history.csv` is the same but for seconds; `null` where that of the run before is not there. */
  readonly same_history: boolean | null;
  /** What was not as it was, in words: versions, hardware, a time that was given. */
  readonly differences: readonly string[];
}
