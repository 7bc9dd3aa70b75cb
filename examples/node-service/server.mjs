// A service that classifies uploaded images with an exported model:
//
//     node examples/node-service/server.mjs runs/mnist/model.onnx [--port 8080] [--host 127.0.0.1] [--max-bytes 1000000]
//     curl --data-binary @digit.png -H 'content-type: image/png' http://127.0.0.1:8080/classify
//
// The model is loaded once. SIGTERM and SIGINT end it after the requests that are under way.
import { parseArgs } from 'node:util';
import { loadClassifier } from 'ort-train';
import { createService } from './service.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '8080' },
    host: { type: 'string', default: '127.0.0.1' },
    'max-bytes': { type: 'string', default: '1000000' },
  },
});
const [model] = positionals;
if (model === undefined) {
  console.error('expected the path of a model: node server.mjs model.onnx');
  process.exit(2);
}

const classifier = await loadClassifier(model);
const server = createService({ classifier, maxBytes: Number(values['max-bytes']) });
server.listen(Number(values.port), values.host, () => {
  const { address, port } = server.address();
  console.log(`${model}: http://${address.includes(':') ? `[${address}]` : address}:${port}/classify`);
});

function stop() {
  server.close(() => void classifier.dispose());
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
