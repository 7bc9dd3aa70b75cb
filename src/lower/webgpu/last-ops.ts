import { staticShape } from '../../ir/index.js';
import { defineOp, ops, type ConvAttrs, type ConvTransposeAttrs } from '../../ops/index.js';

/*
 * ONNX Runtime's own operators on images in NHWC, weights as in ONNX. They are what it makes of
 * the standard ones for WebGPU, between two transpositions which its optimizer then moves to where they do harm: to conditions, which only
 * the CPU transposes, or to images in order to save one of a weight.
 */
const source =
  'https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/graph/contrib_ops/internal_nhwc_onnx_schemas.cc';
const refuse = { refuse: 'a lowering made it, after differentiation' };

/** [N,H,W,C] -> [N,C,H,W]. */
const channelsFirst = ([n = 1, h = 1, w = 1, c = 1]: readonly number[]): readonly number[] => [n, c, h, w];

/** Transposed convolution: x [N,OH,OW,K], w [K,C/group,kh,kw], bias [C] -> [N,H,W,C]. */
export const lastConvTranspose = defineOp<'2..3', ConvTransposeAttrs>({
  name: 'com.ms.internal.nhwc.ConvTranspose',
  source,
  infer([x, w], attrs) {
    const image = { dtype: x.dtype, shape: channelsFirst(staticShape(x.shape)) };
    const [y] = ops.ConvTranspose.infer([image, w], { ...attrs });
    const [n = 1, c = 1, h = 1, width = 1] = staticShape(y?.shape ?? []);
    return [n, h, width, c];
  },
  gradient: refuse,
});

/** Convolution: x [N,H,W,C], w [K,C/group,kh,kw], bias [K] -> [N,OH,OW,K]. */
export const lastConv = defineOp<'2..3', ConvAttrs>({
  name: 'com.ms.internal.nhwc.Conv',
  source,
  infer([x, w, bias], attrs) {
    const image = { dtype: x.dtype, shape: channelsFirst(staticShape(x.shape)) };
    const [y] = ops.Conv.infer([image, w, bias], { ...attrs });
    const [n = 1, k = 1, h = 1, width = 1] = staticShape(y?.shape ?? []);
    return [n, h, width, k];
  },
  gradient: refuse,
});
