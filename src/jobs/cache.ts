import type { JobContext } from "./job.js";
import type { KeptTrunk } from "./parts.js";

/** What is kept of photos, and where. */
export interface CacheContents {
  readonly folder: string;
  readonly trunks: readonly KeptTrunk[];
  readonly bytes: number;
}

/**
 * Looks at what is kept of photos from run to run.
 *
 * @param clear whether to remove it
 * @returns what is there, or was
 */
export async function cache(clear: boolean, { emit, parts }: JobContext): Promise<CacheContents> {
  const kept = await parts.features();
  const folder = kept.featureFolder();
  const trunks = await kept.keptTrunks();
  const bytes = trunks.reduce((sum, trunk) => sum + trunk.bytes, 0);
  if (clear) {
    await kept.clearFeatures();
  } else {
    for (const { name, model, rows, bytes: size, lastUsed } of trunks) {
      emit({ event: "kept", name, model, photos: rows, bytes: size, last_used: lastUsed.toISOString() });
    }
  }
  emit({ event: "done", command: "cache", folder, bytes, cleared: clear });
  return { folder, trunks, bytes };
}
