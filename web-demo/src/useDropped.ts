import { useEffect, useState } from 'react';

/** Files that are dropped on the page, or pasted into it, while `onShow` is there. Returns whether some hang over it. */
export function useDropped(onShow: ((files: Iterable<File>) => void) | null): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!onShow) return;
    const gone = new AbortController();
    const on = <T extends keyof DocumentEventMap>(type: T, take: (event: DocumentEventMap[T]) => void) =>
      document.addEventListener(type, take, { signal: gone.signal });
    on('dragover', (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault(); // else the browser opens the file instead of the page
      setOver(true);
    });
    on('dragleave', (event) => {
      if (event.relatedTarget === null) setOver(false);
    });
    on('drop', (event) => {
      setOver(false);
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      onShow([...event.dataTransfer.files]);
    });
    on('paste', (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      onShow([...event.clipboardData.files]);
    });
    return () => {
      gone.abort();
      setOver(false);
    };
  }, [onShow]);
  return over;
}
