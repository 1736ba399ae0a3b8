/**
 * Measures what Graft makes of networks as PyTorch exports them: one JSON object a file on stdout.
 *
 *     python scripts/golden/onnx_zoo.py --whole FOLDER
 *     npx tsx bench/onnx-zoo.ts FOLDER/*.onnx
 *
 * Fields: `name`; `error`, the greatest difference from PyTorch's output by the greatest number; `features`, the shape that is left; `cut`, how far
 * these are, pooled, from timm's; `stages`; `trained` and `missed`, how many of PyTorch's parameters the last stage trains and does not, and
 * `computed`, weights that the exporter made of several; `gradient`, how far a gradient is from PyTorch's by its norm; `losses` of four steps.
 * A file that cannot be read has `refused` instead.
 */
import { basename } from "node:path";
import { measure } from "../test/support/onnx-zoo.js";

for (const path of process.argv.slice(2)) {
  const name = basename(path, ".onnx");
  try {
    const { trained, missed, unknown, error, features, cut, stages, gradient, losses } = await measure(path);
    const counts = { trained: trained.length, missed: missed.length, computed: unknown.length };
    process.stdout.write(`${JSON.stringify({ name, error, features, cut, stages, ...counts, gradient, losses })}\n`);
  } catch (error) {
    process.stdout.write(
      `${JSON.stringify({ name, refused: error instanceof Error ? error.message : String(error) })}\n`,
    );
  }
}
