/** Classifying with exported models and nothing else, in Node. */
export * from './classifier-public.js';
export { loadClassifier, type NodeClassifier } from './export/node.js';
