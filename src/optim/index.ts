export * from './clip.js';
export * from './optimizer.js';
