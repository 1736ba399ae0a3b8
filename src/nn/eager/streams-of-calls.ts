import { OngoingStreams } from "../../random/ongoing-streams.js";
import { processStreams } from "../../random/seed.js";

const streams = new OngoingStreams(processStreams);

/** Random numbers of what is computed on arrays, outside of any training; they begin again with `setRandomSeed`. */
export function streamsOfCalls(): OngoingStreams {
  streams.refresh();
  return streams;
}
