import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { posix } from "node:path";

/** How much of the machine this process may use. */
export interface Processors {
  /** Hardware threads, 1 or more: what to decode photos with, which gains from two on a core. */
  readonly threads: number;
  /**
   * Cores, 1 or more: what to multiply matrices with, which does not. `undefined` where only the engine can count them.
   */
  readonly cores: number | undefined;
}

/** What is looked at to count processors; tests put in their own. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Hardware threads that the system schedules this process on. */
  readonly parallelism: number;
  /** A file's text; `undefined` where there is none or it cannot be read. */
  readonly readText: (path: string) => string | undefined;
}

/** A mounted hierarchy of control groups. */
interface Mount {
  /** The group that is shown at {@link point}: in a container often its own, not the root. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  /** Options of the file system: for version 1 they name the controllers. */
  readonly options: readonly string[];
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
function readMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root, point] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    return root === undefined || point === undefined || type === undefined
      ? []
      : [{ root, point, type, options: options.split(",") }];
  });
}

/** Folders of a group and of those above it, as far as they are mounted: each may have a limit. */
function groupFolders({ root, point }: Mount, group: string): string[] {
  const relative = posix.relative(root, group);
  const below = relative.startsWith("..") || relative === "" ? [] : relative.split("/");
  return Array.from({ length: below.length + 1 }, (_, depth) => posix.join(point, ...below.slice(0, depth)));
}

/** Cores that a folder's quota amounts to, such as 1.5; `undefined` without one. */
function quotaOf(folder: string, version: 1 | 2, readText: Machine["readText"]): number | undefined {
  const file = (name: string): string => readText(posix.join(folder, name))?.trim() ?? "";
  const [quota, period] =
    version === 2 ? file("cpu.max").split(/\s+/) : [file("cpu.cfs_quota_us"), file("cpu.cfs_period_us")];
  const share = Number(quota) / Number(period);
  // "max" and -1 stand for no limit.
  return Number.isFinite(share) && share > 0 ? share : undefined;
}

/** The smallest processor quota of this process's control groups, in cores. */
function quota({ readText }: Machine): number | undefined {
  const mounts = readMounts(readText("/proc/self/mountinfo") ?? "");
  const quotas = (readText("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    const [, controllers = "", ...rest] = line.split(":");
    const version = controllers === "" ? 2 : 1;
    if (version === 1 && !controllers.split(",").includes("cpu")) return [];
    const mount = mounts.find(({ type, options }) =>
      version === 2 ? type === "cgroup2" : type === "cgroup" && options.includes("cpu"),
    );
    if (mount === undefined) return [];
    return groupFolders(mount, rest.join(":")).flatMap((folder) => quotaOf(folder, version, readText) ?? []);
  });
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** Numbers of a list such as `0-3,8`. */
function readList(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [first = Number.NaN, last = first] = part.split("-").map(Number);
    return Number.isInteger(first) && Number.isInteger(last)
      ? Array.from({ length: last - first + 1 }, (_, index) => first + index)
      : [];
  });
}

/** Cores behind the hardware threads that the process is scheduled on; `undefined` where the system does not tell. */
function physicalCores({ readText }: Machine): number | undefined {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readText("/proc/self/status") ?? "")?.[1] ?? "";
  const cores = new Set<string>();
  for (const thread of readList(allowed)) {
    const siblings = readText(`/sys/devices/system/cpu/cpu${thread}/topology/thread_siblings_list`)?.trim();
    if (siblings === undefined || siblings === "") return undefined;
    cores.add(siblings);
  }
  return cores.size === 0 ? undefined : cores.size;
}

/**
 * Counts the processors that a process may use: those that it is scheduled on (affinity, `taskset`, `--cpuset-cpus`), but
 * no more than the quota of its control groups of either version (`docker run --cpus`, limits of Kubernetes). A quota is
 * rounded up: the engine's threads on one and a half cores, throttled a quarter of the time, do more than one thread.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 */
export function countProcessors(machine: Machine): Processors {
  const { platform, parallelism } = machine;
  if (platform !== "linux") return { threads: parallelism, cores: undefined };
  const most = Math.ceil(quota(machine) ?? Number.POSITIVE_INFINITY);
  const threads = Math.min(parallelism, most);
  return { threads, cores: Math.min(physicalCores(machine) ?? parallelism, threads) };
}

/** The machine does not change while a process lives, and looking at it reads files. */
let counted: Processors | undefined;

/** The processors that this process may use, counted once. */
export function processors(): Processors {
  counted ??= countProcessors({
    platform: process.platform,
    parallelism: availableParallelism(),
    readText(path) {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return undefined;
      }
    },
  });
  return counted;
}
