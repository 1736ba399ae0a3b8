/** What Graft adds to a Keras file at the top level, where Keras takes no notice of it. */
export const graftKey = "graft_ml";
