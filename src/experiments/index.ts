export * from './compare.js';
export * from './gradient-norms.js';
export * from './comparison-svg.js';
export { layerGradients } from './panels.js';
