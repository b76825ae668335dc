import { useEffect, useRef } from 'react';
import type { Call, Line } from './call';
import { CardView } from './CardView';

/** All that was said and done, as it is heard. */
export function Conversation({ call }: { call: Call }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void end.current?.scrollIntoView({ block: 'end' });
  }, [call.lines]);
  return (
    <section className="conversation" aria-label="Conversation" aria-live="polite" aria-relevant="additions text">
      {call.lines.map((line) => (
        <LineView key={`${line.kind}-${line.id}`} line={line} />
      ))}
      <div ref={end} />
    </section>
  );
}

function LineView({ line }: { line: Line }) {
  switch (line.kind) {
    case 'agent':
      return (
        <article className="line agent">
          <header>
            <strong>{line.agent}</strong>
            {line.latencyMs !== null && (
              <span className="latency" title="From the end of your turn to the first sound">
                {(line.latencyMs / 1000).toFixed(2)} s
              </span>
            )}
          </header>
          <p>
            {line.text}
            {line.interrupted && <span className="cut"> — interrupted</span>}
          </p>
        </article>
      );
    case 'caller':
      return (
        <article className="line caller">
          <header>
            <strong>You</strong>
            {line.typed && <span className="latency">typed</span>}
          </header>
          <p>{line.text}</p>
        </article>
      );
    case 'handoff':
      return (
        <div className="handoff">
          <span>{line.done ? `${line.source} → ${line.target}` : `${line.target} could not take the call`}</span>
        </div>
      );
    case 'tool':
      return (
        <div className={`tool ${line.state}`}>
          <span aria-hidden="true">{line.state === 'running' ? '…' : line.state === 'done' ? '✓' : '!'}</span>
          {line.tool.replaceAll('_', ' ')}
          <span className="quiet">
            {line.state === 'running' ? line.progress || ' looking' : line.state === 'failed' ? ' not possible' : ''}
          </span>
        </div>
      );
    case 'task':
      return (
        <div className="tool done">
          <span aria-hidden="true">✓</span>
          {line.task.replaceAll('_', ' ')}
          <span className="quiet"> step done</span>
        </div>
      );
    case 'card':
      return <CardView card={line.card} chosen={line.chosen} />;
    case 'note':
      return <div className="note">{line.text}</div>;
    default:
      return line satisfies never;
  }
}
