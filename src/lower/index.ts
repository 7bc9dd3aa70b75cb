export * from './target.js';
export * from './rewrite/lower-portable.js';
export * from './rewrite/static-batch.js';
export { portableState, type VectorBundles, type TargetState } from './layout/target-state.js';
