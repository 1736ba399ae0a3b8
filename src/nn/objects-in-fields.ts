/**
 * The objects of a kind in the fields of an object, in the order of the fields; those in lists, maps and plain objects too. Keras
 * finds the layers of a layer of a user's own in the same way.
 *
 * @param isOne whether something is of the kind
 */
export function objectsIn<T extends object>(owner: object, isOne: (value: object) => value is T): readonly T[] {
  const found = new Set<T>();
  // Fields hold the object itself, too: the call that a layer was given first says whose it is.
  const seen = new Set([owner]);
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (isOne(value)) found.add(value);
    else if (Array.isArray(value)) value.forEach(look);
    else if (value instanceof Map) for (const item of value.values()) look(item);
    else if (Object.getPrototypeOf(value) === Object.prototype) Object.values(value).forEach(look);
  };
  for (const value of Object.values(owner)) look(value);
  return [...found];
}
