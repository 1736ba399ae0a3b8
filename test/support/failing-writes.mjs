// Makes writes of a process fail, for tests: NODE_OPTIONS=--import=<this file>, and in GRAFT_TEST_WRITES as JSON
// { folders, from, to, code, log }: writes below one of the folders with numbers from `from` (1 is the first) up to before `to` fail
// with `code`; all are listed in the file `log`. Only those of the main thread are counted. With `die`, { at, signal }, the process gets a
// signal at the write with that number: before it, or when half of the bytes are written; then what is removed counts as a write, too.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, resolve, sep } from "node:path";
import { isMainThread } from "node:worker_threads";

const plan = process.env["GRAFT_TEST_WRITES"];
if (plan !== undefined && isMainThread) {
  const { folders, from = Infinity, to = Infinity, code = "ENOSPC", log, die } = JSON.parse(plan);
  const append = fs.appendFileSync;
  let count = 0;

  const end = () => process.kill(process.pid, die.signal);
  /** Gives whether the process is to die in the middle of it, where there is a middle. */
  const attempt = (action, path, hasMiddle = false) => {
    const place = resolve(String(path));
    if (!folders.some((folder) => place === folder || place.startsWith(folder + sep))) return false;
    count++;
    const fails = count >= from && count < to;
    const dies = count === die?.at;
    if (log !== undefined) append(log, `${fails ? "fails " : dies ? "dies " : ""}${action} ${place}\n`);
    if (fails) throw Object.assign(new Error(`${code}: made up, ${action} '${place}'`), { code, path: place });
    if (dies && !hasMiddle) end();
    return dies;
  };
  const writes = (flags) => typeof flags === "string" && /[wa+]/.test(flags);

  const { open, openSync, writeSync, mkdirSync } = fs;
  const openPromise = fs.promises.open;
  fs.promises.open = async (path, flags, ...rest) => {
    if (writes(flags)) attempt("open", path);
    const handle = await openPromise(path, flags, ...rest);
    for (const name of ["write", "writeFile", "sync", "truncate"]) {
      const original = handle[name].bind(handle);
      handle[name] = async (...given) => {
        const dies = (writes(flags) || name === "sync") && attempt(name, path, name === "writeFile");
        if (dies && name === "writeFile") {
          // Bytes or a text; what follows a signal that does not end the process at once is the rest.
          const half = given[0].length >> 1;
          await original(given[0].slice(0, half));
          end();
          return original(given[0].slice(half));
        }
        return original(...given);
      };
    }
    return handle;
  };
  for (const [name, which] of Object.entries({
    mkdir: 0,
    rename: 1,
    symlink: 1,
    copyFile: 1,
    writeFile: 0,
    mkdtemp: 0,
  })) {
    const original = fs.promises[name];
    fs.promises[name] = async (...given) => {
      // Of a folder that is there nothing is written.
      if (name !== "mkdir" || !fs.existsSync(given[which])) attempt(name, given[which]);
      return original(...given);
    };
  }
  if (die !== undefined) {
    const { rm } = fs.promises;
    fs.promises.rm = async (path, ...rest) => {
      if (fs.existsSync(path) && attempt("rm", path, true)) {
        const held = fs.statSync(path).isDirectory() ? fs.readdirSync(path).sort() : [];
        // From either side, since no system promises an order.
        if (count % 2 === 0) held.reverse();
        for (const name of held.slice(0, held.length >> 1)) fs.rmSync(join(path, name), { recursive: true });
        end();
      }
      return rm(path, ...rest);
    };
  }
  const names = new Map();
  fs.openSync = (path, flags, ...rest) => {
    if (writes(flags)) attempt("openSync", path);
    const descriptor = openSync(path, flags, ...rest);
    if (writes(flags)) names.set(descriptor, path);
    return descriptor;
  };
  fs.writeSync = (descriptor, ...given) => {
    if (names.has(descriptor)) attempt("writeSync", names.get(descriptor));
    return writeSync(descriptor, ...given);
  };
  fs.mkdirSync = (path, ...rest) => {
    if (!fs.existsSync(path)) attempt("mkdirSync", path);
    return mkdirSync(path, ...rest);
  };
  // Streams of archives are opened in this way.
  fs.open = (path, flags, ...rest) => {
    try {
      if (writes(flags)) attempt("open", path);
    } catch (cause) {
      process.nextTick(rest.at(-1), cause);
      return;
    }
    open(path, flags, ...rest);
  };
  syncBuiltinESMExports();
}
