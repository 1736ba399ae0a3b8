import { basename } from "node:path";
import { byteCount, count } from "../errors/words.js";
import type { ReportData } from "../report/html/report-data.js";
import { duration } from "../report/words.js";
import type { RunRecord } from "../runs/run-record.js";

type Row = readonly [name: string, value: string];

/** What a run was made with: its network, what was asked for, machine and versions. */
export function factsOf(record: RunRecord): ReportData["facts"] {
  const { network, configuration, versions, inputs, data, result } = record;
  const hardware = inputs?.hardware;
  const asked = Object.entries(configuration).flatMap(([name, value]): Row[] =>
    value === null ? [] : [[`--${name.replaceAll("_", "-")}`, String(value)]],
  );
  const { trunk } = result;
  return [
    {
      heading: "Network",
      rows: [
        ["network", network.name],
        ["licence", network.licence],
        ["pictures", `${network.image_size} × ${network.image_size} pixels, preprocessing "${network.preprocess}"`],
        ["trained from", network.unfrozen_from === "none" ? "the new classifier only" : network.unfrozen_from],
        ...(trunk === undefined ? [] : [["in 8 bits", `${trunk.convolutions} of ${trunk.of} convolutions`] as const]),
      ],
    },
    { heading: "What was asked for", rows: asked },
    {
      heading: "Photos and time",
      rows: [
        ["folder", basename(data.directory)],
        ["fingerprint", data.fingerprint],
        ["began", record.started],
        [
          "took",
          `${duration(record.seconds)}, ${count(result.epochs, "epoch")}, of which ${result.best_epoch} was kept`,
        ],
        ...(record.model_sha256 === undefined ? [] : [["SHA-256 of model.onnx", record.model_sha256] as const]),
      ],
    },
    {
      heading: "Machine and versions",
      rows: [
        ["device", record.device],
        ...(hardware === undefined
          ? []
          : [
              ["processor", `${hardware.processor}, ${count(hardware.processors, "thread")}`] as const,
              ...(hardware.memory === undefined ? [] : [["memory", byteCount(hardware.memory)] as const]),
            ]),
        ...Object.entries(versions).map(([name, version]): Row => [name, version]),
      ],
    },
  ];
}
