export * from "./catalogue.js";
export type { Initializer } from "./initializer.js";
export { type InitializerLike, resolveInitializer } from "./resolve-initializer.js";
export type { SeedOptions } from "./seeded-initializer.js";
