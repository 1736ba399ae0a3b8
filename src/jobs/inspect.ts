import type { NetworkInspection } from "../applications/inspect-network.js";
import type { InspectOptions } from "../applications/load-backbone.js";
import type { InspectedNetwork } from "./events.js";
import type { JobContext } from "./job.js";

/** What `graft inspect` is asked. */
export type InspectRequest = Pick<InspectOptions, "network" | "preprocess" | "imageSize" | "networkOutput">;

/**
 * Looks at a network: its format, what it takes and gives, where it would be cut, and what would be trained.
 *
 * @throws UsageError for an unknown name
 * @throws FileError when a file cannot be read
 */
export async function inspect(request: InspectRequest, { emit, parts }: JobContext): Promise<NetworkInspection> {
  const inspection = await parts.inspectNetwork({
    ...request,
    onProgress: ({ what, received, total }) => {
      emit({ event: "progress", stage: "downloading", unit: "bytes", done: received, total: total ?? null, what });
    },
    onWarning: (message) => {
      emit({ event: "warning", code: "network", message });
    },
  });
  emit({ event: "network", ...eventOf(inspection) });
  emit({ event: "done", command: "inspect", usable: inspection.network !== undefined });
  return inspection;
}

function eventOf(inspection: NetworkInspection): InspectedNetwork {
  const { name, format, licence, inputs, outputs, framing, framingSource, preprocess, preprocessSource } = inspection;
  const { labels, network, trouble, missing } = inspection;
  return {
    name,
    format,
    licence,
    inputs,
    outputs,
    image_size: framing.size ?? null,
    crop: framing.crop ?? 1,
    keep_proportions: framing.keepProportions ?? false,
    interpolation: framing.interpolation ?? "bilinear",
    framing_source: framingSource ?? null,
    preprocess: preprocess ?? null,
    preprocess_source: preprocessSource ?? null,
    labels,
    layers: network?.layers,
    parameters: network?.parameters,
    cut: network?.cut,
    stages: network?.stages,
    last_block: network?.lastBlock,
    trouble,
    missing: missing.map(({ op, domain, nodes }) => ({ op, domain, nodes })),
  };
}
