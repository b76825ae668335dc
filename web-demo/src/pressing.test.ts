import { describe, expect, it } from 'vitest';
import { next, start, type Call, type CallEvent } from './call';
import type { Card } from './cards';
import { parseEvent, type JournalEvent } from './events';

const CARD: Card = { kind: 'facts', title: 'Order 7', lines: [], fields: {}, link: null, choices: ['Move it', 'Keep it'] };
const NUMBER = { key: 'order_number', label: 'Order number', type: 'integer', required: true, minimum: 1, maximum: null, longest: 200, choices: [] } as const;
const FORM: Card = { kind: 'form', title: 'Your order', lines: [], send: null, fields: [{ ...NUMBER, choices: [] }] };

const NEEDED = { code: '', text: 'Order number: this is needed.' };

function after(...events: (CallEvent | JournalEvent)[]): Call {
  return events.map((event) => (isOurs(event) ? event : ({ type: 'journal', event } as const))).reduce(next, start);
}

function isOurs(event: CallEvent | JournalEvent): event is CallEvent {
  return event.type.startsWith('press-') || event.type === 'file-arrived';
}

function shown(ref: string, card: Card = CARD): JournalEvent {
  return { type: 'card.shown', call_id: '1', ref, card };
}

function pressed(ref: string, choice: string, values: Record<string, unknown> = {}): JournalEvent {
  return { type: 'user.pressed', ref, choice, values };
}

describe('a card', () => {
  it('is answered once, and the answer stands in the conversation', () => {
    const call = after(shown('card_1'), shown('card_2'), { type: 'press-sent', ref: 'card_1' }, pressed('card_1', 'Keep it'));
    expect(call.lines).toMatchObject([
      { kind: 'card', ref: 'card_1', state: 'answered', chosen: 'Keep it' },
      { kind: 'card', ref: 'card_2', state: 'open', chosen: '' },
      { kind: 'caller', how: 'chosen', text: 'Keep it' },
    ]);
  });

  it('may be pressed again when a press was refused, and says why', () => {
    const sent = after(shown('card_1'), { type: 'press-sent', ref: 'card_1' });
    expect(sent.lines).toMatchObject([{ state: 'sending' }]);
    const refused = next(sent, { type: 'press-refused', ref: 'card_1', why: NEEDED });
    expect(refused.lines).toMatchObject([{ state: 'open', refused: NEEDED }]);
    expect(next(refused, { type: 'press-sent', ref: 'card_1' }).lines).toMatchObject([{ state: 'sending', refused: null }]);
  });

  it('stays answered when word of a refusal comes late', () => {
    const events = [shown('card_1'), pressed('card_1', 'Keep it'), { type: 'press-refused', ref: 'card_1', why: NEEDED }] as const;
    expect(after(...events).lines[0]).toMatchObject({ state: 'answered', refused: null });
  });

  it('is closed when nobody waits for it any more', () => {
    expect(after(shown('card_1'), { type: 'card.closed', ref: 'card_1' }).lines).toMatchObject([{ state: 'closed' }]);
  });

  it('tells what was filled in by its labels', () => {
    const call = after(shown('card_1', FORM), pressed('card_1', '', { order_number: 1042, other: 'x' }));
    expect(call.lines.at(-1)).toMatchObject({ kind: 'caller', text: 'Order number: 1042' });
  });

  it('of a worker that names no cards is shown, and cannot be pressed', () => {
    const event = parseEvent(JSON.stringify({ type: 'card.shown', call_id: '1', card: CARD }));
    expect(event).toMatchObject({ ref: '' });
    expect(after(shown(''), shown(''), pressed('', 'Keep it')).lines).toMatchObject([{ state: 'open' }, { state: 'open' }, { kind: 'caller' }]);
  });
});

describe('a file that is given', () => {
  const given: JournalEvent = { type: 'file.given', stream: 's1', name: '../la\u202ebel.pdf', mime: 'application/pdf', bytes: 9, words: 'A label.' };
  const arrived: CallEvent = { type: 'file-arrived', stream: 's1', url: 'blob:1' };

  it('can be saved when it is there, whichever comes first', () => {
    const line = { kind: 'given', id: 's1', name: 'la-bel.pdf', picture: false, words: 'A label.', url: 'blob:1' };
    expect(after(given).lines).toMatchObject([{ url: '' }]);
    expect(after(given, arrived).lines).toMatchObject([line]);
    expect(after(arrived, given, given).lines).toMatchObject([line]);
  });

  it('is a picture only by its type', () => {
    expect(after({ ...given, mime: 'image/png' }).lines).toMatchObject([{ picture: true }]);
    expect(after({ ...given, mime: 'image/svg+xml' }).lines).toMatchObject([{ picture: false }]);
  });
});

describe('replies', () => {
  it('come as they were switched', () => {
    expect(after({ type: 'replies.switched', how: 'text' }).reads).toBe(true);
    expect(after({ type: 'replies.switched', how: 'text' }, { type: 'replies.switched', how: 'speech' }).reads).toBe(false);
  });
});
