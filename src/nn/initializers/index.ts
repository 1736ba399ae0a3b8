export * from "./catalogue.js";
// Keras's other names.
export * from "./functions.js";
export { Identity as IdentityInitializer } from "./identity.js";
export { Orthogonal as OrthogonalInitializer } from "./orthogonal.js";
export { deserialize, get, serialize } from "./identifiers.js";
export { Initializer, type OwnValues } from "./initializer.js";
export { type InitializerLike, type OwnInitializer, resolveInitializer } from "./resolve-initializer.js";
export type { SeedOptions } from "./seeded-initializer.js";
