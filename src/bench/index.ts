export * from './cases.js';
export * from './flops.js';
