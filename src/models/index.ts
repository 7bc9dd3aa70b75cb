export * from './losses.js';
export * from './mnist-cnn.js';
export * from './presets.js';
