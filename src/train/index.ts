export * from './fit-options.js';
export * from './fit.js';
export * from './history.js';
export * from './recipes.js';
export * from './run-types.js';
export * from './schedulers/index.js';
export * from './train-on.js';
export * from './trainer.js';
