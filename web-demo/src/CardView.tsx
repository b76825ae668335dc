import { createContext, useContext } from 'react';
import type { Card } from './events';
import { useWords } from './words';

/** Writes to the team; null when there is nobody to write to. */
export const Write = createContext<((text: string) => unknown) | null>(null);

/** What a tool has shown. A choice that is pressed is written, as if the caller had typed it. */
export function CardView({ card, chosen }: { card: Card; chosen: string }) {
  const words = useWords();
  const write = useContext(Write);
  const fields = Object.entries(card.fields);
  return (
    <article className="card" aria-label={card.title}>
      <h2>{card.title}</h2>
      {card.lines.map((line, place) => (
        <p key={place}>{line}</p>
      ))}
      {fields.length > 0 && (
        <dl>
          {fields.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {card.link && (
        <a href={card.link.url} target="_blank" rel="noopener noreferrer">
          {card.link.label}
        </a>
      )}
      {card.choices.length > 0 && (
        <div className="choices" role="group" aria-label={words.yourChoice}>
          {card.choices.map((choice) => (
            <button
              key={choice}
              type="button"
              aria-pressed={choice === chosen}
              disabled={write === null || chosen !== ''}
              onClick={() => write?.(choice)}
            >
              {choice}
            </button>
          ))}
        </div>
      )}
    </article>
  );
}
