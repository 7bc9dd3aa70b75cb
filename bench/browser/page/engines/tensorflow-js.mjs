// TensorFlow.js as its users write it: a model of tf.layers with two kinds of layers and a shortcut, compiled with Adam and
// cross-entropy, and `trainOnBatch`, which is what `fit` calls for each batch.
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths, getThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';

/** The tutorial's network in NHWC, which is TensorFlow's layout. */
function network() {
  const conv = (name, filters, kernelSize, padding = 'valid') =>
    tf.layers.conv2d({ name: name.replace('.', '_'), filters, kernelSize, padding });
  const input = tf.input({ shape: [28, 28, 1] });
  let x = input;
  for (const [i, [filters, kernelSize]] of [
    [32, 5],
    [64, 3],
    [128, 3],
  ].entries()) {
    x = conv(`conv${i + 1}`, filters, kernelSize).apply(x);
    x = tf.layers.reLU().apply(tf.layers.maxPooling2d({ poolSize: 2 }).apply(x));
    const block = `resblock${i + 1}`;
    const path = conv(`${block}.conv2`, filters, 3, 'same').apply(
      conv(`${block}.conv1`, 30, 5, 'same').apply(x),
    );
    x = tf.layers.reLU().apply(tf.layers.add().apply([path, x]));
  }
  const dense = tf.layers.dense({ name: 'full_c', units: 10, activation: 'softmax' });
  return tf.model({ inputs: input, outputs: dense.apply(tf.layers.flatten().apply(x)) });
}

/** PyTorch's weights in TensorFlow's order: OIHW becomes HWIO, [out,in] becomes [in,out]. */
function setWeights(model, weights) {
  for (const layer of model.layers.filter(({ weights }) => weights.length > 0)) {
    const name = layer.name.replace('_conv', '.conv');
    const [weight, bias] = ['weight', 'bias'].map((what) => {
      const { data, shape } = weights.get(`${name}.${what}`);
      return tf.tensor(data, shape);
    });
    layer.setWeights([weight.transpose(weight.rank === 4 ? [2, 3, 1, 0] : [1, 0]), bias]);
  }
}

export async function create({ weights, batchSize, backend, threads }) {
  if (backend === 'wasm') {
    setWasmPaths({
      'tfjs-backend-wasm.wasm': plain,
      'tfjs-backend-wasm-simd.wasm': simd,
      'tfjs-backend-wasm-threaded-simd.wasm': threaded,
    });
    setThreadsCount(threads);
  }
  let adapter;
  if (backend === 'webgpu') {
    adapter = describeAdapter(await navigator.gpu.requestAdapter());
    if (!tf.engine().registryFactory.webgpu) throw new Error(`no ${WebGPUBackend.name}`);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
  await tf.ready();
  const model = network();
  setWeights(model, weights);
  // The optimizer's own defaults but epsilon, which is 1e-7 there and 1e-8 everywhere else.
  model.compile({ optimizer: tf.train.adam(1e-3, 0.9, 0.999, 1e-8), loss: 'categoricalCrossentropy' });
  return {
    about: {
      version: tf.version.tfjs,
      backend: tf.getBackend(),
      ...(backend === 'wasm' && { threads: getThreadsCount() }),
      ...(adapter && { adapter }),
    },
    async step({ images, labels }) {
      const x = tf.tensor(images, [batchSize, 28, 28, 1]);
      const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
      const loss = await model.trainOnBatch(x, y);
      tf.dispose([x, y]);
      return loss;
    },
  };
}

const describeAdapter = (adapter) => {
  if (!adapter) throw new Error('WebGPU has no adapter here');
  const { vendor, architecture, description } = adapter.info;
  return [vendor, architecture, description].filter(Boolean).join(' ');
};
