// jax-js as its users write it: parameters in a tree, a loss, one step of value, gradient and Adam. optax for jax-js is not
// in the npm registry, so Adam is written out here as optax has it.
import {
  blockUntilReady,
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
} from '@jax-js/jax';

const conv = (params, name, x, padding) =>
  lax
    .convGeneralDilated(x, params[`${name}.weight`], [1, 1], padding)
    .add(params[`${name}.bias`].reshape([-1, 1, 1]));

const maxPool = (x) => lax.reduceWindow(x, np.max, [2, 2], [2, 2]);

function predict(params, x) {
  for (const i of [1, 2, 3]) {
    x = nn.relu(maxPool(conv(params, `conv${i}`, x, 'VALID')));
    const path = conv(params, `resblock${i}.conv1`, x.ref, 'SAME');
    x = nn.relu(conv(params, `resblock${i}.conv2`, path, 'SAME').add(x));
  }
  const flat = x.reshape([x.shape[0], -1]);
  return np.dot(flat, params['full_c.weight'].transpose()).add(params['full_c.bias']);
}

function crossEntropy(params, x, y) {
  const size = y.shape[0];
  return nn
    .logSoftmax(predict(params, x))
    .mul(nn.oneHot(y, 10))
    .sum()
    .mul(-1 / size);
}

const [b1, b2, epsilon, learningRate] = [0.9, 0.999, 1e-8, 1e-3];

/** Adam with bias correction; `c1` and `c2` are 1 - b1^t and 1 - b2^t. */
function adam(params, grads, m, v, c1, c2) {
  m = tree.map((m, g) => m.mul(b1).add(g.mul(1 - b1)), m, tree.ref(grads));
  v = tree.map((v, g) => v.mul(b2).add(np.square(g).mul(1 - b2)), v, grads);
  params = tree.map(
    (p, m, v) =>
      p.sub(
        m
          .div(c1.ref)
          .mul(learningRate)
          .div(np.sqrt(v.div(c2.ref)).add(epsilon)),
      ),
    params,
    tree.ref(m),
    tree.ref(v),
  );
  tree.dispose([c1, c2]);
  return [params, m, v];
}

function step(params, m, v, c1, c2, x, y) {
  const [loss, grads] = valueAndGrad(crossEntropy)(tree.ref(params), x, y);
  return [loss, ...adam(params, grads, m, v, c1, c2)];
}

export async function create({ weights, batchSize, backend }) {
  const available = await init(backend);
  if (!available.includes(backend)) throw new Error(`jax-js has no ${backend} here`);
  defaultDevice(backend);
  const run = jit(step);
  let params = Object.fromEntries(
    [...weights].map(([name, { data, shape }]) => [name, np.array(data).reshape(shape)]),
  );
  let m = tree.map((p) => np.zerosLike(p), tree.ref(params));
  let v = tree.map((p) => np.zerosLike(p), tree.ref(params));
  let t = 0;
  return {
    about: {
      version: __VERSIONS__['@jax-js/jax'],
      ...(backend === 'webgpu' && { adapter: describe(getWebGPUDevice().adapterInfo) }),
      // Its pool has a worker for each logical core.
      ...(backend === 'wasm' && { threads: crossOriginIsolated ? navigator.hardwareConcurrency : 1 }),
    },
    async step({ images, labels }) {
      t++;
      let loss;
      [loss, params, m, v] = run(
        ...[params, m, v, np.array(1 - b1 ** t), np.array(1 - b2 ** t)],
        ...[np.array(images).reshape([batchSize, 1, 28, 28]), np.array(labels)],
      );
      await blockUntilReady(params);
      return loss.jsAsync();
    },
  };
}

const describe = ({ vendor, architecture, description }) =>
  [vendor, architecture, description].filter(Boolean).join(' ');
