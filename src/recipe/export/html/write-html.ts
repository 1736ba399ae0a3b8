import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { FileError } from "../../../errors/errors.js";
import { quotedList } from "../../../errors/words.js";
import { readRegularFile, readRegularText } from "../../../files/regular-file.js";
import { version } from "../../../errors/version.js";
import type { ExportableClassifier } from "../exportable.js";
import { checkExport } from "../onnx/check-export.js";
import { graphOfPhotos } from "../onnx/graph.js";
import { fileOfGraph } from "../onnx/graph-file.js";
import { inPrecision } from "../onnx/in-precision.js";
import { inputSizes } from "../onnx/sizes.js";
import type { Exported, ExportRequest } from "../target.js";

/** The engine: its program, with its exports as `ort`, its WebAssembly, and its version. */
async function engine(): Promise<{ readonly program: string; readonly wasm: Uint8Array; readonly version: string }> {
  const folder = dirname(createRequire(import.meta.url).resolve("onnxruntime-web"));
  const file = join(folder, "ort.wasm.bundle.min.mjs");
  const [text, wasm, { env }] = await Promise.all([
    readRegularText(file),
    readRegularFile(join(folder, "ort-wasm-simd-threaded.wasm")),
    import("onnxruntime-web"),
  ]);
  return { program: asObject(text, file), wasm, version: env.versions.web ?? "" };
}

/** A module that one script of a page has in front of its own: what it exports becomes an object, since nothing can be imported there. */
function asObject(text: string, file: string): string {
  const exported = [...text.matchAll(/\bexport\s*\{([^{}]*)\}\s*;?/g)];
  const [list] = exported;
  const rest = text.slice((list?.index ?? 0) + (list?.[0].length ?? 0)).replace(/^\s*\/\/[^\n]*$/gm, "");
  if (list?.[1] === undefined || exported.length !== 1 || rest.trim() !== "" || /<\/script|<!--/i.test(text)) {
    throw new FileError(`${file} has another form than Graft knows.`, {
      subject: file,
      expected: "one list of exports at its end",
      received: `${exported.length} lists of exports`,
      advice: "Install the version of onnxruntime-web that package.json names.",
    });
  }
  const members = list[1].split(",").map((member) => {
    const [local = "", name = local] = member.trim().split(/\s+as\s+/);
    return `${JSON.stringify(name)}: ${local}`;
  });
  return `${text.slice(0, list.index)}\nconst ort = { ${members.join(", ")} };\n`;
}

/** A text between tags, and in attributes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON in a block of a page: nothing in it ends the block. */
function jsonBlock(value: object): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

const block = (bytes: Uint8Array): string => gzipSync(bytes, { level: 9 }).toString("base64");

/** The source of a policy that lets one inline script or style in. */
const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Labels that are named in a sentence before the rest is counted. */
const named = 12;

function classesText(labels: readonly string[]): string {
  return `It tells ${labels.length} classes apart: ${quotedList(labels, named)}.`;
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * The classifier as one page that needs nothing else.
 *
 * @throws EngineError when the engine refuses the network that was made, or it says something else than the run's file
 */
export async function writeHtml(classifier: ExportableClassifier, request: ExportRequest): Promise<Exported> {
  const { network, cost, float32, notes } = await inPrecision(classifier, request);
  const { metadata, labels } = classifier;
  const sizes = inputSizes({}, network.framing.size);
  const { precision = "float32" } = request.options;
  const bytes = fileOfGraph(graphOfPhotos(network, sizes), { batch: sizes.batch, metadata });
  const written = { bytes, sizes, takes: "photos" } as const;
  await checkExport(request.runtime, classifier.network(), classifier.bytes, written, precision);
  const pageFile = (name: string): Promise<string> =>
    readRegularText(fileURLToPath(new URL(`./page/${name}`, import.meta.url)));
  const [template, style, own, { program, wasm, version: engineVersion }] = await Promise.all([
    pageFile("page.html"),
    pageFile("page.css"),
    pageFile("page.js"),
    engine(),
  ]);
  const script = `${program}\n${own}`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)} 'wasm-unsafe-eval'`,
    `style-src ${hashOf(style)}`,
    "img-src blob: data:",
    "media-src blob: mediastream:",
    "connect-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
  const about = {
    labels,
    setThreshold: numberOf(metadata["set_threshold"]),
    distanceThreshold: numberOf(metadata["distance_threshold"]),
  };
  const blocks = [
    `<script type="application/json" id="about">${jsonBlock(about)}</script>`,
    `<script type="text/plain" id="model">${block(bytes)}</script>`,
    `<script type="text/plain" id="wasm">${block(wasm)}</script>`,
    `<script type="module">${script}</script>`,
  ].join("\n");
  const texts: Readonly<Record<string, string>> = {
    policy,
    title: "What is on the photo?",
    classes: escaped(classesText(labels)),
    network: escaped(metadata["network"] ?? "unknown"),
    licence: escaped(metadata["licence"] ?? "unknown"),
    side: String(network.framing.size),
    version: escaped(version),
    engine: escaped(engineVersion),
    size: `${((blocks.length + style.length + template.length) / 1e6).toFixed(1)} MB`,
  };
  const page = template
    .replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => texts[name] ?? "")
    .replace("<!-- style -->", () => `<style>${style}</style>`)
    .replace("<!-- blocks -->", () => blocks);
  return { files: new Map([["page.html", page]]), cost, float32, notes };
}
