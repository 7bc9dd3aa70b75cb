export * from './gradients.js';
