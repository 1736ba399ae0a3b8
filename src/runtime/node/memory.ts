import { totalmem } from "node:os";

/** Bytes of memory that the process may use: those of the machine, or of the container that it runs in. */
export function usableMemory(): number {
  // 0, or more than there is, where there is no limit.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * The budget of memory for what a file of others asks for, in bytes: half of what the process may use. The other half is for the process
 * itself, for copies on the way to the engine, and for everything else that runs. What asks for more is refused before it is taken.
 */
export function memoryBudget(): number {
  return usableMemory() / 2;
}

/** `1.5 GiB`, `12 MiB`: an amount of memory for messages. */
export function memoryText(bytes: number): string {
  const [amount, unit] = bytes >= 2 ** 30 ? [bytes / 2 ** 30, "GiB"] : [bytes / 2 ** 20, "MiB"];
  return `${amount >= 100 ? String(Math.round(amount)) : amount.toPrecision(2)} ${unit}`;
}
