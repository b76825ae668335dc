import { useContext } from 'react';
import type { Line } from './call';
import { CardView } from './CardView';
import { ShowsFigures } from './Figures';
import { FileView } from './FileView';
import { GivenView } from './GivenView';
import { isForOperators, noteInWords } from './notes';
import { money, readable, seconds, useLanguage, useWords } from './words';

/** One thing that happened. All that people, models and files say stands there as text, whatever it looks like. */
export function LineView({ line, currency, mark }: { line: Line; currency: string; mark: string }) {
  const words = useWords();
  const language = useLanguage();
  const figures = useContext(ShowsFigures);
  switch (line.kind) {
    case 'agent':
      return (
        <article className="line agent">
          <span className="avatar" aria-hidden="true">
            {mark}
          </span>
          <div className="bubble">
            <header>
              <strong>{readable(line.agent)}</strong>
              {figures && line.latencyMs !== null && (
                <span className="latency" title={words.waited}>
                  {seconds(line.latencyMs, language, 2)} s
                </span>
              )}
              {figures && line.cost !== null && (
                <span className="price" title={words.cost}>
                  {money(line.cost, currency, language)}
                </span>
              )}
            </header>
            <p>
              {line.text}
              {line.interrupted && <span className="cut"> — {words.interrupted}</span>}
            </p>
          </div>
        </article>
      );
    case 'caller':
      return (
        <article className={`line caller ${line.who ? 'other' : ''}`}>
          <div className="bubble">
            <header>
              <strong>
                {[line.who || words.you, ...(line.also ?? [])].map((name, place) => (
                  <bdi key={place}>{place ? ` + ${name}` : name}</bdi>
                ))}
              </strong>
              {line.how !== 'spoken' && <span>{words[line.how]}</span>}
            </header>
            <p>{line.how === 'chosen' && (line.text === 'yes' || line.text === 'no') ? words[line.text] : line.text}</p>
          </div>
        </article>
      );
    case 'file':
      return <FileView line={line} />;
    case 'handoff':
      return (
        <div className={line.done ? 'handoff' : 'handoff failed'}>
          <span>{line.done ? words.handedOver(readable(line.source), readable(line.target)) : words.notHandedOver(readable(line.target))}</span>
        </div>
      );
    case 'tool':
      return (
        <div className={`tool ${line.state}`}>
          <span className="sign" aria-hidden="true">
            {line.state === 'running' ? '…' : line.state === 'done' ? '✓' : '!'}
          </span>
          <span>
            {readable(line.tool)}
            <span className="quiet">
              {line.state === 'running' ? ` · ${line.progress || words.toolRuns}` : line.state === 'failed' ? ` · ${words.toolFailed}` : ''}
            </span>
          </span>
        </div>
      );
    case 'task':
      return (
        <div className="tool done">
          <span className="sign" aria-hidden="true">
            ✓
          </span>
          <span>
            {readable(line.task)}
            <span className="quiet"> · {words.stepDone}</span>
          </span>
        </div>
      );
    case 'card':
      return <CardView line={line} />;
    case 'given':
      return <GivenView line={line} />;
    case 'note':
      if (isForOperators(line.note) && !figures) return null;
      return <div className={`note ${line.note.what}`}>{noteInWords(line.note, words, language)}</div>;
    default:
      return line satisfies never;
  }
}
