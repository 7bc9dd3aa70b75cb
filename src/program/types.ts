/** What rooms below the wall may know of the graph rooms. */
export type { NodeReport, TargetState } from '../lower/index.js';
export type { DType, TensorData, TypedArray } from '../ir/index.js';
export type {
  CifarResNetOptions,
  CrossEntropyOptions,
  PresetName,
  PresetOptions,
  ResNetDepth,
  ResNetOptions,
} from '../models/index.js';
export { cifarDepths, cifarResnet, mnistCnn, presetNames, presetNetwork, resnet } from '../models/index.js';
export {
  checkTrainingBatch,
  countParameters,
  fromFlat,
  stateLayout,
  type NetworkWeights,
  type TrainingState,
  type Network,
  type StateLayout,
} from '../net/index.js';
export { UNRETURNED, withUnreturnedOutput } from '../onnx/index.js';
export { optimizerSlots } from '../optim/index.js';
export type { AdamOptions, AdamWOptions, OptimizerOptions, SgdOptions } from '../optim/index.js';
