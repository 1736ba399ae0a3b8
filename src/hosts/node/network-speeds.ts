import { availableParallelism, cpus } from "node:os";
import { dirname } from "node:path";
import { z } from "zod";
import type { Backbone } from "../../applications/backbone.js";
import { hubBackbone } from "../../applications/hub-backbone.js";
import { loadBackbone } from "../../applications/load-backbone.js";
import { networks } from "../../applications/networks.js";
import { DownloadError, FileError } from "../../errors/errors.js";
import { warnOfCache } from "../../errors/warn.js";
import { makeFolder, writeFileAtomically } from "../../files/atomic-write.js";
import { cachePath, elsewhere } from "../../files/cache.js";
import { withFileLock } from "../../files/file-lock.js";
import { errorCode, fileSystemError } from "../../files/file-system-errors.js";
import { readRegularText } from "../../files/regular-file.js";
import { isHubName, parseHubName } from "../../files/hub/reference.js";
import { input } from "../../graph/value.js";
import type { NetworkSpeeds } from "../../jobs/parts.js";
import { createNodeRuntime } from "../../runtime/node/runtime.js";
import { Tensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import { inferenceGraph } from "../../training/programs/inference-graph.js";
import { versions } from "./versions.js";

/** ms by computer, and by name of a network. */
const speedsSchema = z.record(z.string(), z.record(z.string(), z.number().positive()));

type Speeds = z.infer<typeof speedsSchema>;

const speedsFile = (): string => cachePath("networks/speeds.json");

/** What a figure is good for: another processor, or another engine, is another speed. */
function computer(): string {
  const { graft, onnxruntime } = versions();
  const model = cpus()[0]?.model.trim() ?? process.arch;
  return `${model}, ${String(availableParallelism())} threads, graft ${graft}, onnxruntime ${onnxruntime}`;
}

/** What was kept; a damaged file is none, and is written anew. */
async function kept(): Promise<Speeds> {
  let text: string;
  try {
    text = await readRegularText(speedsFile(), { most: 2 ** 20 });
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return {};
    throw fileSystemError(cause, speedsFile(), "read");
  }
  try {
    return speedsSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

/** The network, if it can be had without a download. */
async function loadKept(name: string): Promise<Backbone | undefined> {
  if (!isHubName(name)) {
    const isHere = await networks.find(({ record }) => record.name === name)?.isKept();
    return isHere === true ? loadBackbone({ network: name }) : undefined;
  }
  try {
    return await hubBackbone(parseHubName(name), { offline: true, warn: () => undefined });
  } catch (cause) {
    if (cause instanceof DownloadError) return undefined;
    throw cause;
  }
}

/** Forward passes, of which the best counts: what else the computer does can only make one slower. */
const passes = 5;

async function timeOf({ model, imageSize }: Backbone): Promise<number> {
  const photo = input("photo", "float32", ["N", 3, imageSize, imageSize]);
  const { outputs, names } = inferenceGraph(model, [photo]);
  const [features] = outputs;
  if (features === undefined) throw new TypeError("The network has no output.");
  const session = await createSession(createNodeRuntime({ device: "cpu" }), { features }, { inputs: [photo], names });
  try {
    const pixels = Float32Array.from({ length: 3 * imageSize ** 2 }, (_, index) => Math.sin(index));
    const feeds = { photo: new Tensor("float32", pixels, [1, 3, imageSize, imageSize]) };
    let best = Infinity;
    // The first one reserves memory and does not count.
    for (let pass = 0; pass <= passes; pass++) {
      const began = performance.now();
      await session.run(feeds);
      if (pass > 0) best = Math.min(best, performance.now() - began);
    }
    return Number(best.toPrecision(3));
  } finally {
    await session.release();
  }
}

/** Speeds in the cache's folder. */
export const networkSpeeds: NetworkSpeeds = {
  async measured() {
    return new Map(Object.entries((await kept())[computer()] ?? {}));
  },
  async measure(name) {
    const backbone = await loadKept(name);
    if (backbone === undefined) return undefined;
    const milliseconds = await timeOf(backbone);
    try {
      await makeFolder(dirname(speedsFile()));
      await withFileLock(`${speedsFile()}.lock`, async () => {
        const all = await kept();
        const here = { ...all[computer()], [name]: milliseconds };
        await writeFileAtomically(speedsFile(), `${JSON.stringify({ ...all, [computer()]: here }, null, 1)}\n`);
      });
    } catch (cause) {
      const reason = cause instanceof FileError ? cause.cause : cause;
      if (errorCode(reason) === undefined) throw cause;
      // It was measured, and is of use now.
      warnOfCache(fileSystemError(reason, speedsFile(), "write", elsewhere).message);
    }
    return milliseconds;
  },
};
