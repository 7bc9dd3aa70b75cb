/** A worker that runs the default export of the module that it is told, once. */
self.onmessage = ({ data }: MessageEvent<{ readonly from: string; readonly argument: unknown }>): void => {
  void (async () => {
    try {
      const { default: body } = (await import(/* @vite-ignore */ data.from)) as {
        readonly default: (argument: unknown) => unknown;
      };
      self.postMessage({ result: await body(data.argument) });
    } catch (error) {
      self.postMessage({ error: error instanceof Error ? (error.stack ?? String(error)) : String(error) });
    }
  })();
};
