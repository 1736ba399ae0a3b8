/** How Node's `console.log` asks an object for its looks; the name is registered, so that this needs no Node. */
const inspected = Symbol.for("nodejs.util.inspect.custom");

type Inspect = (value: unknown, options: object) => string;

/** Names and values as `console.log` shows those of a plain object: in one line where there is room. */
function shown(record: object, depth: number, options: object, inspect: Inspect): string {
  if (depth < 0) return "[Object]";
  const entries = Object.entries(record).map(([name, value]: [string, unknown]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : inspect(name, {});
    return `${key}: ${inspect(value, { ...options, depth: depth - 1 })}`;
  });
  if (entries.length === 0) return "{}";
  const line = entries.join(", ");
  return line.length <= 72 && !line.includes("\n")
    ? `{ ${line} }`
    : `{\n  ${entries.map((entry) => entry.replaceAll("\n", "\n  ")).join(",\n  ")}\n}`;
}

/** What named records inherit: nothing under a name that somebody could ask for, and so no `constructor` and no `__proto__`. */
const prototype: object = Object.create(null, {
  [inspected]: {
    value(this: object, depth: number, options: object, inspect: Inspect): string {
      return shown(this, depth, options, inspect);
    },
  },
  [Symbol.toPrimitive]: {
    value(this: object): string {
      return JSON.stringify(this);
    },
  },
}) as object;

/** Whether JavaScript puts a name before those that are no numbers, whenever it was added. */
function comesFirst(name: string): boolean {
  return /^(0|[1-9]\d*)$/.test(name) && Number(name) < 2 ** 32 - 1;
}

/**
 * A record by names that people choose: classes, columns, outputs, metrics. Any text is a name, `__proto__` and `constructor`
 * too, and `Object.keys`, `Object.entries`, `for … in`, spread, `JSON.stringify` and `console.log` give them in the order in
 * which they were said. A plain object inherits some names, and brings `10` and `2` before all others, by their value.
 *
 * @param entries names and values; of a name that comes twice the last value counts
 */
export function namedRecord<T>(entries: Iterable<readonly [name: string, value: T]> = []): Record<string, T> {
  const values = new Map(entries);
  const record = Object.create(prototype) as Record<string, T>;
  // An own property, whatever its name; nothing is inherited that could be in the way.
  for (const [name, value] of values) record[name] = value;
  if (![...values.keys()].some(comesFirst)) return record;
  const order = new Set<string | symbol>(values.keys());
  return new Proxy(record, {
    ownKeys: () => [...order],
    defineProperty(target, name, descriptor) {
      order.add(name);
      return Reflect.defineProperty(target, name, descriptor);
    },
    deleteProperty(target, name) {
      order.delete(name);
      return Reflect.deleteProperty(target, name);
    },
  });
}

/** A named record with one more name at its end: one that is put into it instead may come first, as JavaScript has it. */
export function withName<T>(record: Readonly<Record<string, T>>, name: string, value: T): Record<string, T> {
  return namedRecord([...Object.entries(record), [name, value]]);
}

/**
 * What a record says of a name; nothing that it inherits, as every object does `constructor`.
 *
 * @returns `undefined` where it says nothing
 */
export function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
