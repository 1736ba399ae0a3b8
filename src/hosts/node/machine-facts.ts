import { cpus } from "node:os";
import { version } from "../../errors/version.js";
import { cached } from "../../files/cache.js";
import { hashBytes } from "../../files/checksum.js";

/** What a machine's fact is kept for. */
export interface FactOptions {
  /** What it is a fact of: the runtime's name, which says device and threads. */
  readonly engine: string;
}

/**
 * A number that is measured once on a machine, and kept in the cache for other runs: so that what depends on it is the same in
 * each of them.
 *
 * @param name what is measured
 * @param measure is called where the number is not known
 */
export async function machineFact(
  name: string,
  measure: () => Promise<number>,
  { engine }: FactOptions,
): Promise<number> {
  const processor = cpus()[0]?.model ?? "";
  const identity = JSON.stringify({ name, engine, processor, version });
  const entry = {
    name: `machine/${hashBytes(Buffer.from(identity), "sha256").slice(0, 32)}`,
    make: async () => Buffer.from(String(await measure())),
  };
  return Number(Buffer.from(await cached(entry)).toString());
}
