import { createContext, useContext } from 'react';
import type { Card, Link } from './cards';
import { FormView } from './FormView';
import type { CardLine, Press } from './pressing';
import { money, useLanguage, useWords } from './words';
import { refusalInWords } from './words/worker';

/** Presses on a card, by its name; null when there is nobody to press for. */
export const PressOn = createContext<((ref: string, press: Press) => unknown) | null>(null);

/** What a tool has shown. What is pressed there is a turn of the caller's. */
export function CardView({ line }: { line: CardLine }) {
  const words = useWords();
  const press = useContext(PressOn);
  const { card, state, refused } = line;
  const open = press !== null && line.ref !== '' && state === 'open';
  return (
    <article className={`card ${card.kind} ${state}`} aria-label={card.title}>
      <h2>{card.title}</h2>
      {card.lines.map((text, place) => (
        <p key={place}>{text}</p>
      ))}
      <Body card={card} />
      {card.kind === 'form' ? (
        <FormView form={card} open={open} over={state === 'answered'} onSend={(values) => press?.(line.ref, { values })} />
      ) : (
        <Answers line={line} open={open} onPress={(choice) => press?.(line.ref, { choice })} />
      )}
      {state === 'closed' && <p className="quiet">{words.cardClosed}</p>}
      {refused && (
        <p className="why" role="alert">
          {'ours' in refused ? words[refused.ours] : refusalInWords(refused.text, words)}
        </p>
      )}
    </article>
  );
}

function Body({ card }: { card: Card }) {
  switch (card.kind) {
    case 'facts':
      return (
        <>
          <Fields fields={card.fields} />
          <Opens link={card.link} />
        </>
      );
    case 'order':
      return <Order card={card} />;
    case 'confirm':
      return <Fields fields={card.fields} ofWorker />;
    case 'choice':
    case 'form':
      return null;
    default:
      return card satisfies never;
  }
}

/** `ofWorker`: the values are those of a tool's arguments, where `yes` and `no` are nobody's words. */
function Fields({ fields, ofWorker = false }: { fields: Record<string, string>; ofWorker?: boolean }) {
  const words = useWords();
  const all = Object.entries(fields);
  if (all.length === 0) return null;
  return (
    <dl>
      {all.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{ofWorker && (value === 'yes' || value === 'no') ? words[value] : value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Opens({ link }: { link: Link | null }) {
  const words = useWords();
  if (!link) return null;
  return (
    <a href={link.url} target="_blank" rel="noopener noreferrer">
      {link.label}
      <span className="unseen"> {words.newWindow}</span>
    </a>
  );
}

function Order({ card }: { card: Extract<Card, { kind: 'order' }> }) {
  const words = useWords();
  const language = useLanguage();
  const amount = (value: number | null) => (value === null ? '' : money(value, card.currency, language, 2));
  return (
    <>
      <p className="state">{card.state}</p>
      <table>
        <thead className="unseen">
          <tr>
            <th scope="col">{words.quantity}</th>
            <th scope="col">{words.item}</th>
            <th scope="col">{words.price}</th>
          </tr>
        </thead>
        <tbody>
          {card.items.map((item, place) => (
            <tr key={place}>
              <td>{item.quantity} ×</td>
              <td>{item.name}</td>
              <td className="amount">{amount(item.price)}</td>
            </tr>
          ))}
        </tbody>
        {card.total !== null && (
          <tfoot>
            <tr>
              <th scope="row" colSpan={2}>
                {words.total}
              </th>
              <td className="amount">{amount(card.total)}</td>
            </tr>
          </tfoot>
        )}
      </table>
      <Opens link={card.link} />
    </>
  );
}

interface Answer {
  /** As the journal has it. */
  answer: string;
  label: string;
  detail: string;
}

/** Buttons that stay where they are when one is pressed: who uses a keyboard is not thrown back to the top of the page. */
function Answers({ line, open, onPress }: { line: CardLine; open: boolean; onPress: (choice: number) => void }) {
  const words = useWords();
  const answers = useAnswers(line.card);
  if (answers.length === 0 || line.ref === '') return null;
  return (
    <div className="choices" role="group" aria-label={words.yourChoice}>
      {answers.map(({ answer, label, detail }, place) => (
        <button
          key={place}
          type="button"
          className={line.card.kind === 'confirm' && place === 0 ? 'primary' : ''}
          aria-pressed={line.state === 'answered' && line.chosen === answer}
          aria-disabled={!open}
          onClick={() => open && onPress(place)}
        >
          {label}
          {detail !== '' && <span className="detail">{detail}</span>}
        </button>
      ))}
    </div>
  );
}

function useAnswers(card: Card): Answer[] {
  const words = useWords();
  switch (card.kind) {
    case 'facts':
    case 'order':
      return card.choices.map((label) => ({ answer: label, label, detail: '' }));
    case 'choice':
      return card.options.map(({ label, detail }) => ({ answer: label, label, detail }));
    case 'confirm':
      return [
        { answer: 'yes', label: card.yes ?? words.yes, detail: '' },
        { answer: 'no', label: card.no ?? words.no, detail: '' },
      ];
    case 'form':
      return [];
    default:
      return card satisfies never;
  }
}
