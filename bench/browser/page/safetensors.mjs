/**
 * Tensors by name, `{ shape, data }`, of float32 and int32; views of the bytes. Ours has a better reader, but a peer's page
 * is not to load any of ort-train.
 */
export function readSafetensors(bytes) {
  const headerSize = Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, headerSize)));
  const types = { F32: Float32Array, I32: Int32Array };
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [from, to],
          },
        ]) => [name, { shape, data: new types[dtype](bytes, 8 + headerSize + from, (to - from) / 4) }],
      ),
  );
}
