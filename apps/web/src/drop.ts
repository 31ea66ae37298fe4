/** Files dropped anywhere onto the page. */

/** @param shade is shown while files hover over the page. */
export function acceptDrops(shade: HTMLElement, onFiles: (files: readonly File[]) => void): void {
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
  addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    shade.hidden = false;
  });
  addEventListener('dragleave', (event) => { if (event.relatedTarget === null) shade.hidden = true; });
  addEventListener('drop', (event) => {
    shade.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    onFiles([...event.dataTransfer!.files]);
  });
}
