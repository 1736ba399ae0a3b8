import type { NetworkRecord } from "../applications/backbone.js";
import type { JobContext } from "./job.js";

/** Lists the networks that have names. */
export async function networks({ emit, parts }: JobContext): Promise<readonly NetworkRecord[]> {
  const records = await parts.networkRecords();
  for (const { name, description, licence, imageSize, preprocess } of records) {
    emit({ event: "network", name, description, licence, image_size: imageSize, preprocess });
  }
  emit({ event: "done", command: "networks", networks: records.length });
  return records;
}
