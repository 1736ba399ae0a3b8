/**
 * Keras's `keras.datasets`: photos with labels to try models on, downloaded once. Those of texts and tables are not there.
 *
 * @see https://keras.io/api/datasets/
 */
export * as mnist from "./data/datasets/mnist.js";
export * as fashionMnist from "./data/datasets/fashion-mnist.js";
export * as cifar10 from "./data/datasets/cifar10.js";
export * as cifar100 from "./data/datasets/cifar100.js";
export type { MnistOptions } from "./data/datasets/load-mnist.js";
export type { Cifar100Options } from "./data/datasets/cifar100.js";
export type { PhotosAndLabels, TrainAndTest } from "./data/datasets/split.js";
