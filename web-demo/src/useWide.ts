import { useSyncExternalStore } from 'react';

const WIDE = window.matchMedia('(min-width: 900px)');

/** Whether there is room for a column beside the timeline. */
export function useWide(): boolean {
  return useSyncExternalStore(follow, () => WIDE.matches);
}

function follow(changed: () => void): () => void {
  WIDE.addEventListener('change', changed);
  return () => WIDE.removeEventListener('change', changed);
}
