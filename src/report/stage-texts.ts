import type { StageName } from "../recipe/fine-tune-types.js";

/** What each stage of the recipe does, in a sentence. */
export const stageTexts: Readonly<Record<StageName, string>> = {
  head: "The network is frozen; a new classifier is fitted to what it sees in the photos.",
  views: "The network looks at mirror images and parts of the photos too; the classifier is fitted to all of them.",
  "last-stage": "The last stage of the network learns too.",
  "two-stages": "The last two stages of the network learn, for longer.",
  search: "Settings are tried, the defaults first.",
  "learning-rate": "The learning rate rises from step to step, to see where the loss falls.",
  chosen: "The training with the settings that were taken:",
  "another-part":
    "The photos that were held out do not say clearly whether that is better: the same once more, another fifth held out.",
  "all-photos": "It was worth it, and is done once more with all photos.",
};
