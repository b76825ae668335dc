import type { Line } from './call';
import type { Card } from './cards';
import type { JournalEvent } from './events';
import type { Why } from './words/worker';

/** A card in the timeline. `ref` is its name; a card without one cannot be pressed. */
export interface CardLine {
  kind: 'card';
  id: string;
  ref: string;
  card: Card;
  state: 'open' | 'sending' | 'answered' | 'closed';
  /** The answer that was pressed, in the card's words; of a confirmation `yes` or `no`. */
  chosen: string;
  /** Why a press was not taken; null while none was refused. */
  refused: Why<'notTaken'> | null;
}

/** What the caller does on a card: the number of an answer, or what they filled in. */
export type Press = { choice: number } | { values: Record<string, string> };

export type CardSent = { type: 'press-sent'; ref: string } | { type: 'press-refused'; ref: string; why: Why<'notTaken'> };

/** What became of a press of ours on its way. */
export function withPress(lines: Line[], event: CardSent): Line[] {
  return withCard(lines, event.ref, (line) => {
    if (event.type === 'press-sent') return { ...line, state: 'sending', refused: null };
    return line.state === 'sending' ? { ...line, state: 'open', refused: event.why } : line;
  });
}

/** An answer counts: the card shows it, and so does the timeline. */
export function withAnswer(lines: Line[], { ref, choice }: Extract<JournalEvent, { type: 'user.pressed' }>): Line[] {
  return withCard(lines, ref, (line) => ({ ...line, state: 'answered', chosen: choice, refused: null }));
}

export function withClosed(lines: Line[], ref: string): Line[] {
  return withCard(lines, ref, (line) => ({ ...line, state: 'closed' }));
}

/** What was pressed, as the caller said it: with the labels that stand on the form. */
export function told(lines: Line[], { ref, choice, values }: Extract<JournalEvent, { type: 'user.pressed' }>): string {
  const line = lines.find((one) => one.kind === 'card' && one.ref === ref);
  const card = line?.kind === 'card' ? line.card : undefined;
  if (choice || card?.kind !== 'form') return choice || Object.values(values).join(' · ');
  const filled = card.fields.filter((field) => field.key in values);
  return filled.map((field) => `${field.label}: ${values[field.key]}`).join(' · ');
}

function withCard(lines: Line[], ref: string, other: (line: CardLine) => CardLine): Line[] {
  return lines.map((line) => (line.kind === 'card' && ref !== '' && line.ref === ref ? other(line) : line));
}
