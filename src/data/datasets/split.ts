import type { Tensor } from "../../runtime/runtime.js";

/** Photos and their classes: `[N, H, W]` or `[N, H, W, 3]`, levels from 0 to 255, and `[N]` or `[N, 1]`; all uint8. */
export type PhotosAndLabels = readonly [x: Tensor, y: Tensor];

/** What `loadData` gives: samples to train with, and others to test with. */
export type TrainAndTest = readonly [train: PhotosAndLabels, test: PhotosAndLabels];
