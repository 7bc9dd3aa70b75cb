export * from './check.js';
export * from './portable.js';
export * from './replay.js';
export * from './static-batch.js';
export type * from './target.js';
