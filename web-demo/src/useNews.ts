import { useEffect, useRef } from 'react';
import type { Call } from './call';
import { news, tell, type Site } from './embedded';

/** Keeps the site that shows the page up to date; with none, nobody is told. */
export function useNews(site: Site | null, call: Call | null): void {
  const told = useRef<Call | null>(null);
  useEffect(() => {
    if (site) tell(site, { type: 'ready' });
  }, [site]);
  useEffect(() => {
    const message = news(told.current, call);
    told.current = call;
    if (site && message) tell(site, message);
  }, [site, call]);
}
