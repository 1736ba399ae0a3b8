import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cached } from "../../src/files/cache.js";
import { downloadFile } from "../../src/files/download.js";
import { openActivationStore } from "../../src/hosts/node/activation-store.js";

/*
 * One of several processes that fill one cache at the same time: racer.ts <folder> <rounds> <address> <shift of the clock, in ms>.
 * Prints nothing when all went well.
 */

const [, , folder = "", rounds = "0", address = "", shift = "0"] = process.argv;

// As if somebody had set this computer's clock between the starts of both.
const now = Date.now.bind(Date);
Date.now = () => now() + Number(shift);

const row = (round: number): Float32Array => Float32Array.from({ length: 6 }, (_, index) => round + index);

for (let round = 0; round < Number(rounds); round++) {
  const entry = {
    name: `networks/${round}`,
    make: async () => {
      await appendFile(join(folder, "made.log"), `${round}\n`);
      await sleep(20);
      return Buffer.from(`converted ${round}`);
    },
  };
  const text = Buffer.from(await cached(entry, join(folder, "cache"))).toString();
  if (text !== `converted ${round}`) throw new Error(`round ${round}: ${text}`);

  await downloadFile({ url: `${address}/${round}`, destination: join(folder, "cache", "files", String(round)) });

  const store = await openActivationStore(
    { digest: `trunk ${round}`, model: "tiny", width: 6, engine: "engine" },
    {
      folder: join(folder, "cache", "features"),
      reserve: 0,
      warn: (line) => {
        throw new Error(line);
      },
    },
  );
  await store?.put(`photo of ${process.pid}`, row(round));
  await store?.flush();
  const kept = await store?.get(`photo of ${process.pid}`);
  if (String(kept) !== String(row(round))) throw new Error(`round ${round}: ${String(kept)}`);
}
