/** A class that may say its name. */
interface MaybeNamed {
  readonly name: string;
  readonly className?: string;
}

/**
 * The name of an object's class, as files know it: what the class itself says by a static `className`.
 *
 * A class of a user's own that says none goes by its name in JavaScript, not by that of the class that it extends, whose
 * files it would not fit. A minifier may change such a name; who bundles says it: `static className = "MyLayer"`.
 */
export function classNameOf(object: object): string {
  const Class: MaybeNamed = object.constructor;
  return Object.hasOwn(Class, "className") ? (Class.className ?? Class.name) : Class.name;
}

/**
 * What files know by its class's name. Each class of the package says it, so that it stays the same in a bundle whose
 * identifiers are shortened: `static readonly className: string = "Dense";`.
 */
export abstract class Named {
  /** Name of the class, Keras's where Keras has it, such as `"Dense"`. */
  get className(): string {
    return classNameOf(this);
  }
}
