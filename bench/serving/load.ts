/**
 * Asks a server from so many clients at once, each on a connection of its own that stays: a process of its own, so that what it takes of the
 * processor is not the server's. What came out goes to stdout as JSON.
 *
 *     tsx bench/serving/load.ts URL CLIENTS REQUESTS PHOTO…
 *
 * A client asks again as soon as it is answered. It ends when all REQUESTS are asked, or the server says that it stops.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";

/** What came of the requests. */
export interface LoadResult {
  /** Answers by status; `lost` are connections that ended without one though the request was sent. */
  readonly statuses: Readonly<Record<string, number>>;
  /** ms of those that were answered with 200, ascending. */
  readonly milliseconds: readonly number[];
  readonly seconds: number;
  /** SHA-256 of the models that have answered, and how often. */
  readonly models: Readonly<Record<string, number>>;
  /** Answers that named another class for a photo than the first answer to it of the same model. */
  readonly crossed: number;
}

const [url = "", clients = "1", requests = "1", ...paths] = process.argv.slice(2);
const photos = paths.map((path) => readFileSync(path));
const statuses: Record<string, number> = {};
const models: Record<string, number> = {};
const milliseconds: number[] = [];
const said = new Map<string, string>();
let crossed = 0;
let next = 0;
let isOver = false;

function count(record: Record<string, number>, key: string): void {
  record[key] = (record[key] ?? 0) + 1;
}

function askOnce(agent: Agent, number: number): Promise<void> {
  const photo = photos[number % photos.length] ?? Buffer.alloc(0);
  const began = performance.now();
  return new Promise((resolve) => {
    const headers = { "content-type": "image/jpeg", "content-length": photo.length };
    const asked = request(url, { method: "POST", agent, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", () => {
        count(statuses, "lost");
        resolve();
      });
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        count(statuses, String(status));
        if (status === 503) isOver = true;
        if (status === 200) {
          milliseconds.push(performance.now() - began);
          const { sha256, predictions } = JSON.parse(Buffer.concat(pieces).toString()) as {
            sha256: string;
            predictions: readonly { probabilities: unknown }[];
          };
          count(models, sha256);
          const key = `${sha256} ${number % photos.length}`;
          const probabilities = JSON.stringify(predictions[0]?.probabilities);
          if ((said.get(key) ?? probabilities) !== probabilities) crossed += 1;
          said.set(key, probabilities);
        }
        resolve();
      });
    });
    asked.on("error", (error: NodeJS.ErrnoException) => {
      count(statuses, error.code === "ECONNREFUSED" ? "refused" : "lost");
      if (error.code === "ECONNREFUSED") isOver = true;
      resolve();
    });
    asked.end(photo);
  });
}

const start = performance.now();
await Promise.all(
  Array.from({ length: Number(clients) }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!isOver && next < Number(requests)) await askOnce(agent, next++);
    agent.destroy();
  }),
);
const result: LoadResult = {
  ...{ statuses, models, crossed, seconds: (performance.now() - start) / 1000 },
  milliseconds: milliseconds.sort((a, b) => a - b),
};
process.stdout.write(JSON.stringify(result));
