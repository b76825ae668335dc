import { useEffect, useState } from 'react';
import type { Call } from './call';
import { readable, useWords } from './words';

/** Who has the call, and what they are doing; or for how long the connection has been away. */
export function Presence({ call }: { call: Call }) {
  const words = useWords();
  const away = useSecondsSince(call.awaySince);
  const live = call.status === 'live' && call.awaySince === null;
  const now = call.muted ? 'muted' : call.state;
  const doing = call.awaySince !== null ? 'away' : call.status === 'live' ? now : call.status;
  return (
    <div className={`presence ${doing}`}>
      <span className="pulse" aria-hidden="true" />
      {live && call.agent && <strong>{readable(call.agent)}</strong>}
      <span>{doing === 'away' ? words.reconnecting(away) : words[doing]}</span>
    </div>
  );
}

/** Whole seconds since a time of the page in ms, counted while it is shown; 0 where there is none. */
function useSecondsSince(since: number | null): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (since === null) return;
    const count = () => setSeconds(Math.floor((performance.now() - since) / 1000));
    count();
    const timer = setInterval(count, 1000);
    return () => {
      clearInterval(timer);
      setSeconds(0);
    };
  }, [since]);
  return seconds;
}
