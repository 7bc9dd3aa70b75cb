export * from './fit-options.js';
export * from './fit.js';
export * from './history.js';
export * from './recipes.js';
export * from './run-types.js';
export * from './schedulers/index.js';
export type { LoweringReport } from './step-models.js';
export * from './train-on.js';
export * from './trainer.js';
