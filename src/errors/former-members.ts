import { UsageError } from "./errors.js";

/** A class whose objects people know from Python. */
interface Members {
  readonly prototype: object;
}

function refuseMember(owner: string, name: string, today: string): never {
  throw new UsageError(`${owner} has no "${name}".`, {
    subject: name,
    expected: today,
    received: name,
    advice: `Use ${today}.`,
  });
}

/** `getLayer` → `get_layer` */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Makes the names that methods and properties of a class have in Python, such as `get_layer`, and those that older Keras gave
 * them, say today's name in place of JavaScript's "is not a function". Setting one says it too, where it would change nothing.
 *
 * @param Class whose own methods and accessors get their names in snake case
 * @param owner what an object of it is called, for messages
 * @param others today's names of others, by the former name: of fields, and of what is called otherwise
 */
export function refuseFormerMembers(
  Class: Members,
  owner: string,
  others: Readonly<Record<string, string>> = {},
): void {
  const own = Object.getOwnPropertyNames(Class.prototype).filter((name) => name !== "constructor");
  const former = own.map((name) => [snakeCase(name), name] as const).filter(([name, today]) => name !== today);
  for (const [name, today] of [...former, ...Object.entries(others)]) {
    if (Object.hasOwn(Class.prototype, name)) continue;
    const refuse = (): never => refuseMember(owner, name, today);
    Object.defineProperty(Class.prototype, name, { configurable: true, get: refuse, set: refuse });
  }
}
