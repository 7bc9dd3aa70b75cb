import onnxProto from 'onnx-proto';

/** The protobuf classes of ONNX. Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
export const proto = onnxProto.onnx;
