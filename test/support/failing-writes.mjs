// Makes writes of a process fail, for tests: NODE_OPTIONS=--import=<this file>, and in GRAFT_TEST_WRITES as JSON
// { folders, from, to, code, log }: writes below one of the folders with numbers from `from` (1 is the first) up to before `to` fail
// with `code`; all are listed in the file `log`. Only those of the main thread are counted.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { resolve, sep } from "node:path";
import { isMainThread } from "node:worker_threads";

const plan = process.env["GRAFT_TEST_WRITES"];
if (plan !== undefined && isMainThread) {
  const { folders, from = Infinity, to = Infinity, code = "ENOSPC", log } = JSON.parse(plan);
  const append = fs.appendFileSync;
  let count = 0;

  const attempt = (action, path) => {
    const place = resolve(String(path));
    if (!folders.some((folder) => place === folder || place.startsWith(folder + sep))) return;
    count++;
    const fails = count >= from && count < to;
    if (log !== undefined) append(log, `${fails ? "fails " : ""}${action} ${place}\n`);
    if (fails) throw Object.assign(new Error(`${code}: made up, ${action} '${place}'`), { code, path: place });
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
        if (writes(flags) || name === "sync") attempt(name, path);
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
