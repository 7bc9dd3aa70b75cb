export { basicBlock, bottleneck } from './blocks.js';
export type { Block, BlockOptions, Norm, Shortcut } from './blocks.js';
export * from './losses.js';
export * from './mnist-cnn.js';
export * from './presets.js';
export * from './resnet-cifar.js';
export { resnet, resNetDepths, type ResNetDepth, type ResNetOptions } from './resnet.js';
