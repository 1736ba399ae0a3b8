/**
 * What is put where a transformed photo asks for pixels beyond the edge, under Keras's names:
 * `nearest` aaaa|abcd|dddd, `reflect` dcba|abcd|dcba, `wrap` abcd|abcd|abcd, `constant` kkkk|abcd|kkkk.
 */
export type FillMode = "nearest" | "reflect" | "wrap" | "constant";

/** All of {@link FillMode}. */
export const fillModes: readonly FillMode[] = ["nearest", "reflect", "wrap", "constant"];
