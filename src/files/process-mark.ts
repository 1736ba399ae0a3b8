import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { errorCode } from "./file-system-errors.js";

/** Which process it was: what locks and temporary files say of the one that made them. */
export interface ProcessMark {
  /** Its number. */
  readonly pid: number;
  /** The computer's name, for people. */
  readonly host: string;
  /** In which its number means something: this start of this computer, or of a container on it. */
  readonly space: string;
  /** What tells it from a later process of the same number; empty where the system does not say. */
  readonly began: string;
}

/** Whether a process lives; `unknown` of one elsewhere, or where the system does not say. */
export type Liveliness = "alive" | "dead" | "unknown";

let own: ProcessMark | undefined;

/** The mark of this process. */
export function ownMark(): ProcessMark {
  own ??= { pid: process.pid, host: hostname(), space: ownSpace(), began: startOf(process.pid)?.began ?? "" };
  return own;
}

/**
 * Where process numbers are one's own. Two containers of one computer may have the same name, and number their processes each for
 * itself; and after a restart numbers are given anew.
 */
function ownSpace(): string {
  if (process.platform !== "linux") return hostname();
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    // A sandbox without /proc: other names than this one count as elsewhere.
    return hostname();
  }
}

/**
 * When a process of this computer began, in clock ticks since the computer did, and its state.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
function startOf(pid: number): { readonly began: string; readonly state: string } | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "latin1");
    // The program's name in parentheses may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, began] = [fields[0], fields[19]];
    return state === undefined || began === undefined ? undefined : { state, began };
  } catch {
    return undefined;
  }
}

/** Whether the process that left a mark lives. */
export function livelinessOf({ pid, space, began }: Omit<ProcessMark, "host">): Liveliness {
  if (space !== ownMark().space) return "unknown";
  if (!isThere(pid)) return "dead";
  const now = startOf(pid);
  if (now === undefined || began === "") return "unknown";
  // One that has ended, and whose end nobody has asked for yet, keeps its number.
  return now.began === began && !["Z", "X"].includes(now.state) ? "alive" : "dead";
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return errorCode(cause) !== "ESRCH"; // EPERM: it lives, and belongs to somebody else.
  }
}

/**
 * Whether a process of this computer ignores SIGHUP, the signal of a terminal that is closed; only Linux says it.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
export function ignoresHangup(pid: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    const [, ignored] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${String(pid)}/status`, "latin1")) ?? [];
    // The lowest bit is signal 1.
    return ignored !== undefined && Number.parseInt(ignored.slice(-1), 16) % 2 === 1;
  } catch {
    // It has ended, or there is no /proc here.
    return false;
  }
}
