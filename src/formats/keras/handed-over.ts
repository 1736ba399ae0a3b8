/** The memory of all arrays of numbers in plain data, each once: what can be handed to another thread rather than copied. */
export function memoryIn(data: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) {
      if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
    } else if (value instanceof Map) {
      for (const item of value.values()) visit(item);
    } else if (typeof value === "object" && value !== null) {
      // Numbers of a shape are passed over quickly.
      for (const item of Object.values(value)) visit(item);
    }
  };
  visit(data);
  return [...found];
}
