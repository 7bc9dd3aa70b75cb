export * from './builder.js';
export type * from './conv-shape.js';
export * from './define.js';
export type * from './dropout-mask.js';
export type * from './emitter.js';
export type { BatchNormAttrs, BatchNormState } from './norm-shape.js';
export type * from './pool-shape.js';
export * from './registry.js';
export * from './flops.js';
