import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { datasets, DownloadError, FileError, type Tensor, UsageError } from "graft-ml";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { npy } from "../../../test/support/npy.js";
import { tar } from "../../../test/support/tar.js";
import { loadCifar, type PublishedCifar } from "./load-cifar.js";
import { loadFashionMnist } from "./load-fashion-mnist.js";
import { loadMnist, type PublishedFile } from "./load-mnist.js";

/** Levels that differ from place to place. */
const levels = (count: number, first = 0): Uint8Array =>
  Uint8Array.from({ length: count }, (_, index) => first + 7 * index);

/** Bytes of MNIST's own format. */
function idx(dims: readonly number[], bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header.set([0, 0, 8, dims.length]);
  dims.forEach((extent, index) => header.writeUInt32BE(extent, 4 + 4 * index));
  return gzipSync(Buffer.concat([header, bytes]));
}

const digits = zipSync({
  "x_test.npy": npy("|u1", "(2, 28, 28)", levels(2 * 784, 5)),
  "x_train.npy": npy("|u1", "(3, 28, 28)", levels(3 * 784)),
  "y_train.npy": npy("|u1", "(3,)", Uint8Array.of(5, 0, 4)),
  "y_test.npy": npy("|u1", "(2,)", Uint8Array.of(7, 2)),
});
/** Photos of CIFAR-10 whose planes are 1, 2, 3, and then 11, 12, 13 in the first pixel. */
const photo = (labels: readonly number[], first: number): Uint8Array => {
  const planes = [1, 2, 3].map((level) => Uint8Array.of(first + level, ...new Uint8Array(1023).fill(level)));
  return Buffer.concat([Uint8Array.from(labels), ...planes]);
};
const ten = gzipSync(
  tar({
    "cifar-10/": "",
    "cifar-10/readme.html": "<html>",
    "cifar-10/data_batch_1.bin": Buffer.concat([photo([6], 0), photo([9], 10)]),
    "cifar-10/data_batch_2.bin": Buffer.concat([photo([3], 20), photo([1], 30)]),
    "cifar-10/test_batch.bin": photo([8], 40),
  }),
);
const hundred = gzipSync(
  tar({
    "cifar-100/train.bin": Buffer.concat([photo([11, 19], 0), photo([15, 29], 10)]),
    "cifar-100/test.bin": photo([10, 49], 20),
  }),
);
const page = Buffer.from("<!doctype html><title>Sign in to the proxy</title>");
const idxFiles = {
  "train-images-idx3-ubyte.gz": idx([3, 28, 28], levels(3 * 784)),
  "train-labels-idx1-ubyte.gz": idx([3], Uint8Array.of(9, 0, 3)),
  "t10k-images-idx3-ubyte.gz": idx([2, 28, 28], levels(2 * 784, 5)),
  "t10k-labels-idx1-ubyte.gz": idx([2], Uint8Array.of(2, 1)),
};
const files: Record<string, Uint8Array | undefined> = {};

let server: Server;
let base = "";
let cache = "";
let requests: string[] = [];

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    requests.push(name);
    const body = files[name];
    if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-length": body.length }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
});
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "graft-datasets-"));
  vi.stubEnv("GRAFT_CACHE", cache);
  requests = [];
  Object.assign(files, idxFiles, { "mnist.npz": digits, "ten.tar.gz": ten, "hundred.tar.gz": hundred });
  return async () => {
    vi.unstubAllEnvs();
    await rm(cache, { recursive: true });
  };
});

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
const mnist = (given: datasets.MnistOptions | string = {}, published: Partial<PublishedFile> = {}) =>
  loadMnist("mnist.loadData", { url: `${base}mnist.npz`, hash: sha256(digits), ...published }, given);
const fashion = () => loadFashionMnist({ url: base, train: 3, test: 2 });
const cifar10: PublishedCifar = {
  ...{ url: "", hash: md5(ten), file: "cifar-10.tar.gz", folder: "cifar-10", labels: 1, counts: [2, 1] },
  ...{ train: ["data_batch_1.bin", "data_batch_2.bin"], test: ["test_batch.bin"] },
};
const cifar100: PublishedCifar = {
  ...{ url: "", hash: md5(hundred), file: "cifar-100.tar.gz", folder: "cifar-100", labels: 2, counts: [2, 1] },
  ...{ train: ["train.bin"], test: ["test.bin"] },
};

const numbers = ({ data }: Tensor): number[] => Array.from(data as Uint8Array);

describe("mnist", () => {
  it("gives arrays as Keras does, and downloads once", async () => {
    const [[xTrain, yTrain], [xTest, yTest]] = await mnist();
    expect(xTrain).toMatchObject({ type: "uint8", dims: [3, 28, 28] });
    expect(numbers(xTrain)).toEqual(Array.from(levels(3 * 784)));
    expect(yTrain).toMatchObject({ type: "uint8", dims: [3], data: Uint8Array.of(5, 0, 4) });
    expect(xTest).toMatchObject({ type: "uint8", dims: [2, 28, 28] });
    expect(numbers(xTest)).toEqual(Array.from(levels(2 * 784, 5)));
    expect(yTest).toMatchObject({ type: "uint8", dims: [2], data: Uint8Array.of(7, 2) });
    expect((await mnist())[0][1]).toEqual(yTrain);
    expect(requests).toEqual(["mnist.npz"]);
    expect(await readdir(join(cache, "datasets"))).toEqual(["mnist.npz"]);
  });

  it("keeps the file where path says, and takes the user's own", async () => {
    await mnist("digits.npz");
    await mnist({ path: join(cache, "own", "d.npz") });
    expect(await readdir(join(cache, "datasets"))).toEqual(["digits.npz"]);
    expect(await readdir(join(cache, "own"))).toEqual(["d.npz"]);
    await writeFile(join(cache, "datasets", "mnist.npz"), digits);
    await mnist({}, { url: "http://127.0.0.1:1/mnist.npz" });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ["a page of a proxy", page],
    ["half of the file", digits.subarray(0, 500)],
    ["another file", zipSync({ "x.npy": npy("|u1", "(1,)", Uint8Array.of(1)) })],
  ])("refuses %s, and leaves nothing of it", async (_, bytes) => {
    files["mnist.npz"] = bytes;
    await expect(mnist()).rejects.toThrow(DownloadError);
    await expect(mnist()).rejects.toThrow(/mnist\.npz is not the expected file.*sha256/s);
    expect(await readdir(join(cache, "datasets"))).toEqual([]);
    files["mnist.npz"] = digits;
    expect((await mnist())[0][0].dims).toEqual([3, 28, 28]);
  });

  it("says without a network which file to put where, and that another one is there", async () => {
    const place = join(cache, "datasets", "mnist.npz");
    const failure = async (): Promise<string> =>
      mnist({}, { url: "http://127.0.0.1:1/mnist.npz" }).then(
        () => "",
        (error: unknown) => (error instanceof DownloadError ? error.message : String(error)),
      );
    expect(await failure()).toContain(`download http://127.0.0.1:1/mnist.npz in another way and save it as ${place}`);
    expect(await failure()).not.toContain("is another file");
    await writeFile(place, digits.subarray(0, 500));
    expect(await failure()).toContain(`${place} is another file, or a part of it`);
  });
});

describe("fashionMnist", () => {
  it("gives arrays as Keras does, and downloads once", async () => {
    const [[xTrain, yTrain], [xTest, yTest]] = await fashion();
    expect(xTrain).toMatchObject({ type: "uint8", dims: [3, 28, 28] });
    expect(numbers(xTrain)).toEqual(Array.from(levels(3 * 784)));
    expect(yTrain).toMatchObject({ type: "uint8", dims: [3], data: Uint8Array.of(9, 0, 3) });
    expect(xTest.dims).toEqual([2, 28, 28]);
    expect(yTest).toMatchObject({ type: "uint8", dims: [2], data: Uint8Array.of(2, 1) });
    expect((await fashion())[0][0]).toEqual(xTrain);
    expect(requests).toHaveLength(4);
    expect(await readdir(join(cache, "datasets", "fashion-mnist"))).toEqual(Object.keys(idxFiles).sort());
  });

  it.each([
    ["a page of a proxy", page, /begin with "<!doctype html>/],
    ["half of the file", idxFiles["train-images-idx3-ubyte.gz"].subarray(0, 100), /gzip cannot unpack/],
    ["photos of another shape", idx([3, 14, 56], levels(3 * 784)), /the header 00000803.*something else/],
    ["more photos", idx([3, 28, 28], levels(4 * 784)), /3136 bytes in place of 2352/],
  ])("refuses %s, and takes it for nothing the next time", async (_, bytes, reason) => {
    files["train-images-idx3-ubyte.gz"] = bytes;
    await expect(fashion()).rejects.toThrow(DownloadError);
    await expect(fashion()).rejects.toThrow(reason);
    files["train-images-idx3-ubyte.gz"] = idxFiles["train-images-idx3-ubyte.gz"];
    expect((await fashion())[0][0].dims).toEqual([3, 28, 28]);
  });

  it("leaves a wrong file that somebody put there, and says which one", async () => {
    const folder = join(cache, "datasets", "fashion-mnist");
    await mkdir(folder, { recursive: true });
    const place = join(folder, "train-labels-idx1-ubyte.gz");
    await writeFile(place, page);
    await expect(fashion()).rejects.toThrow(FileError);
    await expect(fashion()).rejects.toThrow(`${place} is not the expected file`);
    await writeFile(place, idxFiles["train-labels-idx1-ubyte.gz"]);
    expect(numbers((await fashion())[0][1])).toEqual([9, 0, 3]);
    expect(requests).not.toContain("train-labels-idx1-ubyte.gz");
  });
});

describe("cifar10 and cifar100", () => {
  it("give channels last and labels in a column, and download once", async () => {
    const published = { ...cifar10, url: `${base}ten.tar.gz` };
    const [[xTrain, yTrain], [xTest, yTest]] = await loadCifar(published, 0);
    expect(xTrain).toMatchObject({ type: "uint8", dims: [4, 32, 32, 3] });
    const pixels = [0, 1, 2, 3].map((sample) => numbers(xTrain).slice(sample * 3072, sample * 3072 + 6));
    expect(pixels).toEqual([0, 10, 20, 30].map((first) => [first + 1, first + 2, first + 3, 1, 2, 3]));
    expect(yTrain).toMatchObject({ type: "uint8", dims: [4, 1], data: Uint8Array.of(6, 9, 3, 1) });
    expect(xTest.dims).toEqual([1, 32, 32, 3]);
    expect(yTest).toMatchObject({ type: "uint8", dims: [1, 1], data: Uint8Array.of(8) });
    expect(await loadCifar(published, 0)).toEqual([
      [xTrain, yTrain],
      [xTest, yTest],
    ]);
    expect(requests).toEqual(["ten.tar.gz"]);
    expect(await readdir(join(cache, "datasets"))).toEqual(["cifar-10.tar.gz", "cifar-10_extracted"]);
  });

  it("give the classes or their groups", async () => {
    const published = { ...cifar100, url: `${base}hundred.tar.gz` };
    const [[xTrain, fine], [, fineTest]] = await loadCifar(published, 1);
    expect(numbers(xTrain).slice(0, 6)).toEqual([1, 2, 3, 1, 2, 3]);
    expect([numbers(fine), numbers(fineTest)]).toEqual([[19, 29], [49]]);
    const [[, coarse], [, coarseTest]] = await loadCifar(published, 0);
    expect([numbers(coarse), numbers(coarseTest)]).toEqual([[11, 15], [10]]);
  });

  it("refuse another archive and damaged files", async () => {
    const published = { ...cifar10, url: `${base}ten.tar.gz` };
    files["ten.tar.gz"] = page;
    await expect(loadCifar(published, 0)).rejects.toThrow(/cifar-10\.tar\.gz is not the expected file.*md5/s);
    files["ten.tar.gz"] = ten;
    await loadCifar(published, 0);
    const folder = join(cache, "datasets", "cifar-10_extracted");
    await writeFile(join(folder, "cifar-10", "test_batch.bin"), "short");
    await expect(loadCifar(published, 0)).rejects.toThrow(/test_batch\.bin is damaged.*3073 bytes.*Delete the folder/s);
    await rm(join(folder, "cifar-10", "test_batch.bin"));
    await expect(loadCifar(published, 0)).rejects.toThrow(FileError);
    await rm(folder, { recursive: true });
    expect((await loadCifar(published, 0))[0][0].dims).toEqual([4, 32, 32, 3]);
    await expect(loadCifar({ ...published, url: "http://127.0.0.1:1/x", file: "other.tar.gz" }, 0)).rejects.toThrow(
      /save it as .*other\.tar\.gz/,
    );
  });
});

describe("loadData", () => {
  it("refuses wrong arguments before it asks the network", async () => {
    await expect(datasets.cifar100.loadData({ labelMode: "middle" as never })).rejects.toThrow(/"fine" or "coarse"/);
    await expect(datasets.cifar100.loadData("corse")).rejects.toThrow(/Did you mean/);
    await expect(datasets.cifar100.loadData({ label_mode: "fine" } as never)).rejects.toThrow(/labelMode/);
    await expect(datasets.cifar10.loadData({ labelMode: "fine" } as never)).rejects.toThrow(UsageError);
    await expect(datasets.fashionMnist.loadData("x" as never)).rejects.toThrow(UsageError);
    await expect(datasets.mnist.loadData({ path: "" })).rejects.toThrow(/path/);
    await expect(datasets.mnist.loadData(3 as never)).rejects.toThrow(UsageError);
  });
});
