/** A configuration as Keras writes it: constructor arguments by their snake_case names. */
export type Config = Readonly<Record<string, unknown>>;

/** An object in a Keras file: its class and what its constructor takes. */
export interface SerializedObject {
  readonly class_name: string;
  /** What the constructor takes; a function's is its name. */
  readonly config: Config;
  readonly module?: string | null;
  readonly registered_name?: string | null;
}

/** Whether something read from a file says a class and its configuration. */
export function isSerializedObject(value: unknown): value is SerializedObject {
  return typeof value === "object" && value !== null && "class_name" in value && "config" in value;
}
