/** How many threads ONNX Runtime's wasm gets here. */
export interface ThreadPlan {
  readonly threads: number;
  /** Why there are fewer than asked for, or than there are cores; absent where there are as many. */
  readonly reason?: string;
}

/** More threads cost memory and start later, and training steps of the networks here cannot use them. */
const MOST = 8;

/**
 * Threads within an operator: as many as asked for, else one for each core and at most 8; one where the page is not
 * isolated from other origins, as browsers give shared memory to isolated pages only.
 * Source: https://developer.mozilla.org/docs/Web/API/Window/crossOriginIsolated
 */
export function planThreads(asked: number | undefined): ThreadPlan {
  const threads = asked ?? Math.min(MOST, Math.max(1, navigator.hardwareConcurrency));
  if (threads === 1 || (crossOriginIsolated && typeof SharedArrayBuffer === 'function')) return { threads };
  const server =
    'its server must send Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';
  return {
    threads: 1,
    reason: `one thread instead of ${threads}: the page is not cross-origin isolated; ${server}`,
  };
}
