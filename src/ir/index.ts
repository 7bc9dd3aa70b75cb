export * from './builder.js';
export * from './bundle.js';
export * from './graph.js';
export * from './passes.js';
export * from './print.js';
export * from './tensor.js';
export * from './verify.js';
