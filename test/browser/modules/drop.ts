import { filesFromDrop } from 'ort-train';

let tell: (files: readonly (readonly [path: string, text: string])[]) => void;

/** What was dropped on the page. */
export const dropped = new Promise<readonly (readonly [path: string, text: string])[]>((resolve) => {
  tell = resolve;
});

/** Takes what is dropped anywhere on the page. */
export function listen(): void {
  document.documentElement.style.minHeight = '100vh';
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    if (event.dataTransfer === null) return;
    void filesFromDrop(event.dataTransfer).then(async (files) => {
      tell(await Promise.all(files.map(async ({ path, file }) => [path, await file.text()] as const)));
    });
  });
}
