import { totalmem } from "node:os";

/** Bytes of memory that the process may use: those of the machine, or of the container that it runs in. */
export function usableMemory(): number {
  // 0, or more than there is, where there is no limit.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
