import { Buffer } from 'node:buffer';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const all = ['training', 'optimizer', 'step', 'eval', 'inference'];

/** The graphs that are committed: network -> kinds. Keep the folder under 2 MB (a test holds it to that). */
export const committed = {
  'mnist-cnn': all,
  'mnist-cnn-small': all,
  'resnet20-cifar': all,
  resnet18: all,
};

/**
 * The files of `graphs/`: path -> content. `lib` gives ort-train's functions, so that the script may take them from dist
 * and the tests from src.
 */
export function graphFiles(lib, networks = committed) {
  const files = new Map();
  for (const [name, kinds] of Object.entries(networks)) {
    const network = lib.presetNetwork(name);
    for (const kind of kinds) {
      const graph = lib.lowerPortable(
        kind === 'inference'
          ? inferenceWithoutWeights(lib, network)
          : lib.buildGraph(network, kind, { optimizer: { kind: 'adam' } }),
      );
      files.set(`${name}/${kind}.txt`, Buffer.from(lib.print(graph)));
      files.set(`${name}/${kind}.onnx`, lib.encodeModel(graph));
    }
  }
  return files;
}

/** The inference graph with its weights as inputs instead of initializers. */
function inferenceWithoutWeights(lib, network) {
  const size = (shape) => shape.reduce((product, dim) => product * dim, 1);
  const zeros = new Map(network.state.map(({ name, shape }) => [name, new Float32Array(size(shape))]));
  const graph = lib.buildInferenceGraph(network, zeros);
  const weights = graph.constants.filter(({ value }) => zeros.has(value.name)).map(({ value }) => value);
  return {
    ...graph,
    inputs: [...graph.inputs, ...weights],
    constants: graph.constants.filter(({ value }) => !zeros.has(value.name)),
  };
}

/** What differs between the files and the folder, one line each; empty where they agree. */
export function drift(files, folder) {
  const present = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
  const stray = present.filter(
    (path) => /\.(onnx|txt)$/.test(path) && !files.has(path.replaceAll('\\', '/')),
  );
  const changed = [...files].flatMap(([path, content]) => {
    const file = join(folder, path);
    if (!existsSync(file)) return [`${path} is missing`];
    return Buffer.compare(readFileSync(file), content) === 0 ? [] : [`${path} differs from the code`];
  });
  return [...changed, ...stray.map((path) => `${path} belongs to no graph of the table`)];
}
