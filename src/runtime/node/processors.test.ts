import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { countProcessors, processors } from "./processors.js";

const v2Mount = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

function count(files: Readonly<Record<string, string>>, parallelism = 16, platform: NodeJS.Platform = "linux") {
  return countProcessors({ platform, parallelism, readText: (path) => files[path] });
}

/** Files of the kernel for threads 0 to `threads - 1`, `perCore` of them on each core. */
function topology(threads: number, perCore: number): Record<string, string> {
  const cores = threads / perCore;
  const siblings = Array.from({ length: threads }, (_, thread): [string, string] => [
    `/sys/devices/system/cpu/cpu${thread}/topology/thread_siblings_list`,
    `${Array.from({ length: perCore }, (_, index) => (thread % cores) + index * cores).join(",")}\n`,
  ]);
  return {
    "/proc/self/status": `Name:\tnode\nCpus_allowed_list:\t0-${threads - 1}\n`,
    ...Object.fromEntries(siblings),
  };
}

describe("processors of a process", () => {
  it("are those that it is scheduled on, where no file says otherwise", () => {
    expect(count({})).toEqual({ threads: 16, cores: 16 });
  });

  it("are limited by the quota of a container (version 2)", () => {
    const files = (max: string) => ({
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": v2Mount,
      "/sys/fs/cgroup/cpu.max": max,
    });
    expect(count(files("400000 100000\n")).threads).toBe(4);
    expect(count(files("150000 100000\n")).threads).toBe(2);
    expect(count(files("20000 100000\n"))).toEqual({ threads: 1, cores: 1 });
    expect(count(files("max 100000\n")).threads).toBe(16);
    expect(count(files("6400000 100000\n")).threads).toBe(16);
  });

  it("are limited by the smallest quota on the way to the root (version 2)", () => {
    const files = {
      "/proc/self/cgroup": "0::/user.slice/job.scope\n",
      "/proc/self/mountinfo": v2Mount,
      "/sys/fs/cgroup/user.slice/cpu.max": "300000 100000\n",
      "/sys/fs/cgroup/user.slice/job.scope/cpu.max": "800000 100000\n",
    };
    expect(count(files).threads).toBe(3);
  });

  it("are limited by the quota of a container that sees its own group as the root (version 1)", () => {
    const files = (quota: string) => ({
      "/proc/self/cgroup": "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/docker/abc\n",
      "/proc/self/mountinfo":
        "41 31 0:38 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n" +
        "42 31 0:39 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": quota,
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "50000\n",
    });
    expect(count(files("100000\n")).threads).toBe(2);
    expect(count(files("-1\n")).threads).toBe(16);
  });

  it("are limited by a group that lies outside of what is mounted (version 1)", () => {
    const files = {
      "/proc/self/cgroup": "4:cpu:/elsewhere\n",
      "/proc/self/mountinfo": "42 31 0:39 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "300000\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    };
    expect(count(files).threads).toBe(3);
  });

  it("are fewer cores where two threads share one", () => {
    expect(count(topology(16, 2))).toEqual({ threads: 16, cores: 8 });
    expect(count(topology(64, 1), 64)).toEqual({ threads: 64, cores: 64 });
    const bound = { ...topology(16, 2), "/proc/self/status": "Cpus_allowed_list:\t0-1,8\n" };
    expect(count(bound, 3)).toEqual({ threads: 3, cores: 2 });
    const limited = {
      ...topology(16, 2),
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": v2Mount,
      "/sys/fs/cgroup/cpu.max": "1200000 100000\n",
    };
    expect(count(limited)).toEqual({ threads: 12, cores: 8 });
  });

  it("are the system's own count where there are no control groups", () => {
    expect(count({}, 10, "darwin")).toEqual({ threads: 10, cores: undefined });
    expect(count({}, 12, "win32")).toEqual({ threads: 12, cores: undefined });
  });

  it("are not misread from broken files", () => {
    const files = {
      "/proc/self/cgroup": "nonsense\n0::/\n",
      "/proc/self/mountinfo": `\n${v2Mount}`,
      "/proc/self/status": "Cpus_allowed_list:\tall\n",
      "/sys/fs/cgroup/cpu.max": "",
    };
    expect(count(files)).toEqual({ threads: 16, cores: 16 });
  });

  it("are counted on this machine too", () => {
    const { threads, cores = 1 } = processors();
    expect(threads).toBeGreaterThanOrEqual(1);
    expect(threads).toBeLessThanOrEqual(availableParallelism());
    expect(cores).toBeGreaterThanOrEqual(1);
    expect(cores).toBeLessThanOrEqual(threads);
  });
});
