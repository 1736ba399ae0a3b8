import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { version } from "../../errors/version.js";

function versionIn(file: string): string {
  const found = JSON.parse(readFileSync(file, "utf8")) as { readonly version?: unknown };
  return typeof found.version === "string" ? found.version : "unknown";
}

/** Versions of what the figures of a run depend on. */
export function versions(): Record<"graft" | "onnxruntime" | "sharp" | "vips" | "node", string> {
  const main = createRequire(import.meta.url).resolve("onnxruntime-node");
  return {
    graft: version,
    onnxruntime: versionIn(join(dirname(main), "..", "package.json")),
    sharp: sharp.versions.sharp,
    vips: sharp.versions.vips,
    node: process.versions.node,
  };
}
