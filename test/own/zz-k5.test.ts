import * as g from "graft-ml";
import { readFileSync } from "node:fs";
import { it } from "vitest";
const camel = (s: string) => s.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
it("x", () => {
  const sig = JSON.parse(readFileSync("/tmp/k5_sig.json", "utf8")) as Record<string, [string, string, string][]>;
  const spaces: any = { ...g, schedules: (g as any).optimizers?.schedules };
  const out: string[] = [];
  for (const [key, params] of Object.entries(sig)) {
    const [ns, name] = key.split(".") as [string, string];
    const C: any = spaces[ns]?.[name];
    if (typeof C !== "function") continue;
    const keras = params.filter(([, kind]) => kind === "POSITIONAL_OR_KEYWORD").map(([n]) => camel(n));
    const own = [...(C.positional ?? []), ...(C.following ?? [])];
    const isClass = /^class/.test(Function.prototype.toString.call(C));
    const pre = own.every((n: string, i: number) => keras[i] === n);
    if (own.join() !== keras.join()) out.push(`${key}${isClass ? "" : " (fn)"}: keras(${keras.join(",")}) graft(${own.join(",")})${pre ? "" : " MISMATCH"}`);
  }
  console.log(out.join("\n"));
});
