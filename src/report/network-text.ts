import type { NetworkInspection } from "../applications/inspect-network.js";
import { count, quotedList } from "../errors/words.js";
import { harmlessLine } from "../errors/harmless.js";
import { textTable } from "./text-table.js";
import { percent } from "./words.js";

/** What `graft inspect` says to people. */
export function networkText(inspection: NetworkInspection): string {
  const { name, format, licence, inputs, outputs, preprocess, preprocessSource, labels, network, trouble } = inspection;
  const facts: (readonly [string, string])[] = [
    ["network", name],
    ["format", format],
    ["licence", licence],
    ["inputs", inputs.map(portText).join(", ")],
    ["outputs", outputs.map(portText).join(", ")],
    ["photos", framingText(inspection)],
    [
      "pixels",
      preprocess === undefined
        ? "nothing says what is done to them: --preprocess is needed"
        : `${preprocess}${preprocessSource === undefined ? "" : `, by ${preprocessSource}`}`,
    ],
    ...(labels === undefined ? [] : [["classes", quotedList(labels)] as const]),
  ];
  if (network !== undefined) {
    const { cut, parameters, lastBlock, stages, layers } = network;
    const behind = cut.output === undefined ? "" : ` of "${cut.output}"`;
    const off =
      cut.classes === undefined
        ? `there is no classifier to cut off${behind === "" ? "" : `: all${behind} is taken`}`
        : `the classifier${behind} for ${cut.classes.toLocaleString("en-US")} classes is cut off`;
    facts.push(
      ["cut", `${off}; what remains gives ${shapeText(cut.features)}`],
      [
        "parameters",
        `${parameters.toLocaleString("en-US")} in ${count(layers.length, "layer")}, without the classifier`,
      ],
      ["stages", stages.length === 0 ? "none is known" : stages.join(", ")],
      [
        "last block",
        lastBlock === undefined
          ? "none is known: say --unfreeze"
          : `${lastBlock.from} to ${lastBlock.to}: ${count(lastBlock.layers, "layer")}, ` +
            `${lastBlock.parameters.toLocaleString("en-US")} parameters (${percent(lastBlock.parameters / Math.max(parameters, 1))})`,
      ],
    );
  }
  if (trouble !== undefined) facts.push(["unusable", trouble]);
  for (const { op, domain, nodes } of inspection.missing) {
    const [first = ""] = nodes;
    const others = nodes.length === 1 ? "" : ` and ${count(nodes.length - 1, "other node")}`;
    facts.push(["not here", `the operator ${op}${domain === "" ? "" : ` of ${domain}`}: "${first}"${others}`]);
  }
  const width = Math.max(...facts.map(([title]) => title.length));
  // What others wrote into a file must not look like another line.
  return facts.map(([title, text]) => `${title.padEnd(width)}  ${harmlessLine(text)}`).join("\n");
}

/** The layers of what remains without the classifier, as a table. */
export function layersText({ network }: NetworkInspection): string | undefined {
  if (network === undefined) return undefined;
  const { layers, stages } = network;
  return textTable(
    ["layer", "kind", "gives", "parameters", "stage"],
    layers.map(({ name, kind, shape, parameters }) => [
      name,
      kind,
      shape === undefined ? "" : shapeText(shape),
      parameters.toLocaleString("en-US"),
      stages.includes(name) ? `begins ${stages.indexOf(name) + 1}` : "",
    ]),
    ["left", "left", "left", "right", "left"],
  );
}

function portText({ name, type, shape }: NetworkInspection["inputs"][number]): string {
  return `${name} ${type} ${shape === undefined ? "of any shape" : shapeText(shape)}`;
}

function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

function framingText({ framing, framingSource }: NetworkInspection): string {
  const { size, crop = 1, keepProportions = false, interpolation = "bilinear" } = framing;
  const sides = size === undefined ? "of a size that nothing says" : `${size} × ${size} pixels`;
  const part = crop === 1 ? "" : `the middle ${percent(crop)} of `;
  const seen = keepProportions
    ? `${part}the square in the middle`
    : crop === 1
      ? "the whole photo, stretched"
      : `${part}the photo, stretched`;
  return `${sides}; ${seen}, ${interpolation}${framingSource === undefined ? "" : `, by ${framingSource}`}`;
}
