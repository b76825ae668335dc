import { createContext } from 'react';
import type { Call } from './call';
import { money, seconds, useLanguage, useWords } from './words';

/** Whether the page tells how long replies took and what they cost. A site that embeds it may not want that. */
export const ShowsFigures = createContext(true);

/** How fast and how dear this call is. */
export function Figures({ call }: { call: Call }) {
  const words = useWords();
  const language = useLanguage();
  const wait = usualWait(call);
  return (
    <section className="figures" aria-label={words.figures}>
      <dl>
        {call.model && (
          <div>
            <dt>{words.model}</dt>
            <dd>{call.model}</dd>
          </div>
        )}
        {wait !== null && (
          <div>
            <dt>{words.usualWait}</dt>
            <dd>{seconds(wait, language, 2)} s</dd>
          </div>
        )}
        {call.spent && (
          <div>
            <dt>{words.costSoFar}</dt>
            <dd>{money(call.spent.total, call.spent.currency, language)}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

/** The middle one of all waits, in ms: one slow reply does not move it. */
function usualWait(call: Call): number | null {
  const waits = call.lines.flatMap((line) => (line.kind === 'agent' && line.latencyMs !== null ? [line.latencyMs] : []));
  waits.sort((one, other) => one - other);
  return waits[Math.floor(waits.length / 2)] ?? null;
}
