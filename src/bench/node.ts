export { measure, type BenchOptions, type BenchResult, type InferenceResult } from './measure-node.js';
export { profileStep, type ProfileOptions, type ProfileRow, type StepProfile } from './profile-node.js';
