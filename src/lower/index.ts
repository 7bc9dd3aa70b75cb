export * from './portable.js';
export * from './replay.js';
