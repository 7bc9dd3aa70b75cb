/** Pictures of what training measured. */
export { comparisonSvg, type PictureOptions } from './comparison-svg.js';
export { layerGradients } from './panels.js';
