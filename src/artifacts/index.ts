export * from './card-in.js';
export * from './inference.js';
export * from './manifest.js';
export * from './model-card.js';
export * from './training-artifacts.js';
