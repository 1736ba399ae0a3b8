import { rm } from "node:fs/promises";
import { warnOfCache } from "../../errors/warn.js";
import type { Platform } from "../../models/platform.js";
import { usableMemory } from "../../runtime/node/memory.js";
import { createNodeRuntime, type NodeRuntimeOptions } from "../../runtime/node/runtime.js";
import { appendToFile } from "../../files/append.js";
import { writeFileAtomically } from "../../files/atomic-write.js";
import { hashBytes } from "../../files/checksum.js";
import { errorCode, fileSystemError } from "../../files/file-system-errors.js";
import { readRegularFile } from "../../files/regular-file.js";
import { createTrainingLoops } from "../../training/fit/loops.js";
import { openActivationStore } from "./activation-store.js";
import type { Host, Machine } from "../../training/machine.js";
import { Outlet } from "./outlet.js";
import { machineFact } from "./machine-facts.js";
import { createModelFiles } from "../../formats/model-files.js";
import { harmless, harmlessLine } from "../../errors/harmless.js";
import { Progress } from "../../report/progress.js";

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readRegularFile(path);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw fileSystemError(cause, path, "read");
  }
}

/** What training needs of a machine, of this one. */
export function createNodeMachine(): Machine {
  let bar: Progress | undefined;
  const warn = (line: string): void => {
    bar?.clear();
    console.error(harmlessLine(line));
  };
  return {
    writeFile: writeFileAtomically,
    readFile: readIfThere,
    appendFile: appendToFile,
    async removeFile(path) {
      try {
        await rm(path, { force: true });
      } catch (cause) {
        throw fileSystemError(cause, path, "write");
      }
    },
    digest: (bytes) => hashBytes(bytes, "sha256"),
    activationMemory: usableMemory() / 4,
    openActivationStore: (trunk) => openActivationStore(trunk, { warn: warnOfCache }),
    machineFact: (name, engine, measure) => machineFact(name, measure, { engine }),
    progressBar: () => (bar = new Progress(new Outlet(() => process.stderr), process.env, () => performance.now())),
    print: (line) => {
      console.log(harmless(line));
    },
    warn,
  };
}

/** The platform of models that are trained in a certain place. */
export function createPlatform({ runtime, machine }: Host): Platform {
  const files = createModelFiles((line) => {
    machine.warn(line);
  });
  return { ...machine, runtime, files, loops: createTrainingLoops({ runtime, machine }) };
}

/** The platform that models have in Node. */
export function createNodePlatform(options: NodeRuntimeOptions = {}): Platform {
  return createPlatform({ runtime: createNodeRuntime(options), machine: createNodeMachine() });
}
