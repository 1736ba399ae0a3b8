import type { NetworkRecord } from "../applications/backbone.js";
import { GraftError } from "../errors/errors.js";
import type { JobContext } from "./job.js";

/** A network that has a name, and how fast it is here. */
export interface NetworkHere extends NetworkRecord {
  /** ms for one photo, as measured on this computer; `undefined` where it was not. */
  readonly milliseconds: number | undefined;
}

/**
 * Lists the networks that have names.
 *
 * @param measure whether to measure those that are on this computer and were not measured yet; else only earlier measurements are told
 */
export async function networks(measure: boolean, { emit, parts }: JobContext): Promise<readonly NetworkHere[]> {
  const [records, speeds] = await Promise.all([parts.networkRecords(), parts.networkSpeeds()]);
  const measured = await speeds.measured();
  const listed: NetworkHere[] = [];
  for (const record of records) {
    const { name, description, licence, imageSize, preprocess, megabytes, accuracy } = record;
    let milliseconds = measured.get(name);
    if (measure && milliseconds === undefined) {
      try {
        milliseconds = await speeds.measure(name);
      } catch (cause) {
        if (!(cause instanceof GraftError)) throw cause;
        emit({ event: "warning", code: "network", message: cause.message });
      }
    }
    listed.push({ ...record, milliseconds });
    emit({
      event: "network",
      ...{ name, description, licence, image_size: imageSize, preprocess, megabytes },
      accuracy: accuracy?.percent,
      accuracy_by: accuracy?.by,
      accuracy_source: accuracy?.source,
      milliseconds,
    });
  }
  emit({ event: "done", command: "networks", networks: listed.length });
  return listed;
}
