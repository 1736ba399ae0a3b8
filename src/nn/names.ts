/**
 * How often each name was given. As in Keras they are unique in a process until {@link clearSession} is called, not in a model,
 * whose layers come before it.
 */
const counts = new Map<string, number>();

/** `Conv2D` → `conv2d`, `MaxPooling2D` → `max_pooling2d`, as Keras names layers. */
export function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The type of what {@link snakeCase} makes of a name; it begins a word at each capital: `L1L2` → `l1_l2`. */
export type SnakeCase<Name extends string> = Uncapitalize<Name> extends infer Rest extends string ? Words<Rest> : never;

type Words<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Words<Rest>}`
  : "";

/** The next free automatic name of a kind of layer: `dense`, then `dense_1`, `dense_2`, … */
export function automaticName(className: string): string {
  const base = snakeCase(className);
  const count = counts.get(base) ?? 0;
  counts.set(base, count + 1);
  return count === 0 ? base : `${base}_${count}`;
}

/**
 * Begins automatic names anew: the next dense layer is `dense` again. Models that exist keep their names, weights and seeds.
 *
 * @see https://keras.io/api/utils/config_utils/#clearsession-function
 */
export function clearSession(): void {
  counts.clear();
}
