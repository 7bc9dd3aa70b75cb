export { basicBlock, bottleneck, stage } from './blocks.js';
export type { Block, BlockOptions, Norm, Shortcut, StageOptions } from './blocks.js';
export type { ImageSize } from './image-size.js';
export * from './losses.js';
export * from './mnist-cnn.js';
export * from './presets.js';
export * from './resnet-cifar.js';
export { resnet, resNetDepths, type ResNetDepth, type ResNetOptions } from './resnet.js';
