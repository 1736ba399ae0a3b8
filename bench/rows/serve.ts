import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { jobParts } from "../../src/hosts/node/job-parts.js";
import { openBatchClassifier } from "../../src/recipe/batch-classifier.js";
import { processors } from "../../src/runtime/node/processors.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import type { Figure } from "../figures.js";
import { need, type Row } from "../row.js";
import type { LoadResult } from "../serving/load.js";
import { pretrainedClassifier } from "../serving/classifiers.js";
import { framedClassifier } from "../../test/support/framed-classifier.js";

const clients = 64;

/** Rounds of the network alone and of the server, in turns: the machine may be busy with something else meanwhile. */
const rounds = 3;

const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const loadScript = fileURLToPath(new URL("../serving/load.ts", import.meta.url));

/** `graft serve` in a process of its own. */
interface Served {
  readonly url: string;
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  /** MB of the process now. */
  memory(): Promise<number>;
}

async function startServing(model: string): Promise<Served> {
  const child = spawn(process.execPath, [command, "serve", `it=${model}`, "--port", "0", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (piece: Buffer) => {
      if (text.length > 10_000) return;
      text += piece.toString();
      const [, found] = /"event":"serving","url":"([^"]+)"/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
    void ended.then((code) => {
      reject(new Error(`graft serve ended with ${code}: ${text}`));
    });
  });
  return {
    ...{ url, process: child, ended },
    async memory() {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1000;
    },
  };
}

async function load(url: string, requests: number, photos: readonly string[]): Promise<LoadResult> {
  const args = ["--import", "tsx", loadScript, `${url}/v1/predict`, String(clients), String(requests), ...photos];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (piece: Buffer) => (text += piece.toString()));
  await new Promise((resolve) => child.on("close", resolve));
  return JSON.parse(text) as LoadResult;
}

/** Photos a second of the network in its batches, photos read from memory and decoded on the same threads: all that a server does but serve. */
async function alone(model: string, photos: readonly Uint8Array[], count: number): Promise<number> {
  const classifier = await openBatchClassifier(createNodeRuntime(), model);
  const { atOnce, mostInBatch } = classifier;
  const ready: Awaited<ReturnType<typeof classifier.prepare>>[] = [];
  const one = async (until: number): Promise<number> => {
    let [next, done, decoded] = [0, 0, 0];
    const start = performance.now();
    // As many are decoded as are looked at, and somewhat ahead.
    let wake: (() => void)[] = [];
    const changed = (): void => {
      for (const resolve of wake.splice(0)) resolve();
    };
    const wait = (): Promise<void> => new Promise((resolve) => wake.push(resolve));
    const decoders = Array.from({ length: 2 * processors().threads }, async () => {
      while (next < until) {
        const photo = photos[next++ % photos.length];
        while (decoded - done > clients) await wait();
        ready.push(await classifier.prepare((photo ?? new Uint8Array()).slice()));
        decoded += 1;
        changed();
      }
    });
    const lookers = Array.from({ length: atOnce }, async () => {
      while (done < until) {
        const batch = ready.splice(0, mostInBatch);
        if (batch.length === 0) {
          if (decoded === until) return;
          await wait();
          continue;
        }
        await classifier.predict(batch);
        done += batch.length;
        changed();
      }
    });
    await Promise.all([...decoders, ...lookers]);
    wake = [];
    return (1000 * until) / (performance.now() - start);
  };
  await one(clients);
  const rate = await one(count);
  await classifier.release();
  return rate;
}

function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? Number.NaN;
}

const median = (values: readonly number[]): number =>
  percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

/** How fast it is, beside the network alone. */
async function speed(model: string, paths: readonly string[]): Promise<Figure[]> {
  const photos = await Promise.all(paths.map(async (path) => new Uint8Array(await readFile(path))));
  const count = 640;
  const served = await startServing(model);
  const rates: { own: number; served: number; slow: number; p50: number; p99: number }[] = [];
  await load(served.url, 2 * clients, paths);
  for (let round = 0; round < rounds; round++) {
    const own = await alone(model, photos, count);
    const { seconds, milliseconds, statuses } = await load(served.url, count, paths);
    if (statuses["200"] !== count) throw new Error(`Some were not answered: ${JSON.stringify(statuses)}.`);
    const [p50, p99] = [percentile(milliseconds, 0.5), percentile(milliseconds, 0.99)];
    rates.push({ own, served: count / seconds, slow: p99 / p50, p50, p99 });
  }
  served.process.kill("SIGTERM");
  const code = await served.ended;
  const text = rates.map(
    (one) => `${(one.served / one.own).toFixed(2)} (p99 ${one.p99.toFixed(0)} ms, median ${one.p50.toFixed(0)} ms)`,
  );
  return [
    {
      what: `graft serve, ${clients} clients, MobileNetV2 224`,
      unit: "photos/s",
      values: {
        Graft: { best: median(rates.map((one) => one.served)) },
        "ONNX Runtime": { best: median(rates.map((one) => one.own)) },
      },
      note:
        `Share of the network alone, in ${rounds} turns: ${text.join(", ")}; median share ${median(rates.map((one) => one.served / one.own)).toFixed(2)}, ` +
        `p99 by median ${median(rates.map(({ slow }) => slow)).toFixed(2)}. ` +
        `Alone: the same photos from memory, decoded and framed on the same threads, in batches of 8 on each copy. Exit code at SIGTERM ${code}.`,
    },
  ];
}

/** Whether memory stays, over many requests with a tiny network, and nothing is lost or crossed when its file changes and when it stops. */
async function steadiness(folder: string, requests: number): Promise<Figure[]> {
  const model = join(folder, "tiny.onnx");
  const other = join(folder, "other.onnx");
  await writeFile(model, framedClassifier({ seed: 1 }));
  await writeFile(other, framedClassifier({ seed: 2 }));
  await copyFile(model, join(folder, "first.onnx"));
  const paths: string[] = [];
  for (let index = 0; index < 16; index++) {
    paths.push(join(folder, `${index}.jpg`));
    const background = { r: 16 * index, g: 255 - 16 * index, b: (index * 77) % 256 };
    await sharp({ create: { width: 32, height: 32, channels: 3, background } })
      .jpeg()
      .toFile(paths[index] ?? "");
  }
  const served = await startServing(model);
  const parts = 10;
  const megabytes: number[] = [];
  const rates: number[] = [];
  for (let part = 0; part < parts; part++) {
    const { statuses, crossed, seconds } = await load(served.url, requests / parts, paths);
    if (statuses["200"] !== requests / parts || crossed > 0)
      throw new Error(`Lost or crossed: ${JSON.stringify({ statuses, crossed })}.`);
    megabytes.push(await served.memory());
    rates.push(requests / parts / seconds);
  }
  // Its file changes ten times under load, and then it is stopped under load.
  const underLoad = load(served.url, 1_000_000, paths);
  for (let change = 0; change < 10; change++) {
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await copyFile(change % 2 === 0 ? other : join(folder, "first.onnx"), join(folder, "next.onnx"));
    await rename(join(folder, "next.onnx"), model);
  }
  await new Promise((resolve) => setTimeout(resolve, 2500));
  served.process.kill("SIGTERM");
  const [{ statuses, crossed, models }, code] = await Promise.all([underLoad, served.ended]);
  const list = megabytes.map((one) => one.toFixed(0)).join(", ");
  return [
    {
      what: `graft serve, ${requests} requests, a tiny network`,
      unit: "MB",
      values: { Graft: { best: megabytes.at(-1) ?? Number.NaN, median: median(megabytes) } },
      note:
        `Memory after each tenth: ${list}. ${median(rates).toFixed(0)} requests/s. Then ten changes of its file and SIGTERM under load: ` +
        `${JSON.stringify(statuses)} by status, ${crossed} crossed, answers by ${Object.keys(models).length} files ` +
        `(${Object.values(models).join(" and ")}), exit code ${code}.`,
    },
  ];
}

/** Runs something with a folder that goes afterwards. */
async function inFolder(work: (folder: string) => Promise<Figure[]>): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "graft-bench-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const serveRow: Row = {
  name: "serve",
  about: "`graft serve` at 64 clients, and the network alone on the same photos: MobileNetV2",
  run: ({ recipeDir, network }) =>
    inFolder(async (folder) => {
      const model = join(folder, "model.onnx");
      await writeFile(model, await pretrainedClassifier(jobParts, need(network, "--network")));
      const root = need(recipeDir, "--recipe-dir");
      const names = await readdir(root, { recursive: true });
      const photos = names.filter((name) => /\.jpe?g$/i.test(name)).sort();
      const every = Math.ceil(photos.length / 64);
      return speed(
        model,
        photos.filter((_, index) => index % every === 0).map((name) => join(root, name)),
      );
    }),
};

export const serveMemoryRow: Row = {
  name: "serve-memory",
  about: "memory of `graft serve` over 100,000 requests; what is lost at changes of its file and at its end",
  run: () => inFolder((folder) => steadiness(folder, 100_000)),
};
