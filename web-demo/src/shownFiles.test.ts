import { describe, expect, it } from 'vitest';
import { next, start, type Call, type CallEvent } from './call';
import { parseEvent } from './events';
import { seenInWords } from './notes';
import { WORDS } from './words';

const CHOSEN: CallEvent = { type: 'file-chosen', id: 'x', name: 'slip.jpg', preview: 'blob:1' };
const SENT: CallEvent = { type: 'file-sent', id: 'x', stream: 's1' };
const SHOWED: CallEvent = {
  type: 'journal',
  event: { type: 'user.showed', ref: 'photo-1', name: 'slip.jpg', stream: 's1', pages: 0, description: '' },
};
const REFUSED: CallEvent = { type: 'journal', event: { type: 'call.warned', code: 'file.kind', detail: 'Send a JPEG.', stream: 's1' } };

const DESCRIBED: CallEvent = {
  type: 'journal',
  event: { type: 'picture.described', ref: 'photo-1', by: 'looker', description: 'A slip with the number 1042.', failed: '' },
};

function after(...events: CallEvent[]): Call {
  return events.reduce(next, start);
}

describe('a file that is shown', () => {
  it('keeps its picture while it is sent, until it is shown', () => {
    const call = after(CHOSEN, { type: 'file-sending', id: 'x', progress: 0.5 });
    expect(call.lines).toMatchObject([{ kind: 'file', state: 'sending', progress: 0.5, preview: 'blob:1' }]);
    expect(next(call, SENT).lines).toMatchObject([{ state: 'sent', progress: 1, stream: 's1' }]);
    expect(after(CHOSEN, SENT, SHOWED).lines).toMatchObject([{ state: 'shown', ref: 'photo-1', preview: 'blob:1', mine: true }]);
  });

  it('is one line, though the worker is faster to tell of it than LiveKit is', () => {
    expect(after(CHOSEN, SHOWED, SENT).lines).toMatchObject([{ id: 'x', state: 'shown', ref: 'photo-1', preview: 'blob:1', mine: true }]);
  });

  it('says in the words of the worker why it was refused', () => {
    expect(after(CHOSEN, SENT, REFUSED).lines).toMatchObject([{ kind: 'file', state: 'refused', why: { code: 'file.kind', text: 'Send a JPEG.' } }]);
  });

  it('is refused too where the refusal comes before LiveKit says that it is sent', () => {
    expect(after(CHOSEN, REFUSED, SENT).lines).toMatchObject([{ kind: 'file', state: 'refused', why: { code: 'file.kind', text: 'Send a JPEG.' } }]);
  });

  it('is a placeholder where somebody else has shown it, once', () => {
    expect(after(SHOWED, SHOWED).lines).toMatchObject([{ kind: 'file', mine: false, preview: '', name: 'slip.jpg', state: 'shown' }]);
  });

  it('leaves other warnings beside it', () => {
    const other: CallEvent = { type: 'journal', event: { type: 'call.warned', code: 'microphone.silent', detail: 'Speak up.', stream: '' } };
    expect(after(CHOSEN, other).lines.map((line) => line.kind)).toEqual(['file', 'note']);
  });

  it('has for its caption what somebody has seen there, whichever the page hears first', () => {
    const seen = { by: 'looker', text: 'A slip with the number 1042.' };
    expect(after(CHOSEN, SENT, SHOWED, DESCRIBED).lines).toMatchObject([{ state: 'shown', seen }]);
    expect(after(CHOSEN, SHOWED, DESCRIBED, SENT).lines).toMatchObject([{ state: 'shown', seen, preview: 'blob:1' }]);
    expect(after(SHOWED).lines).toMatchObject([{ seen: null }]);
  });

  it('leaves a frame of the camera, and a picture on which nothing was found, as they are', () => {
    const frame = parseEvent('{"type":"picture.described","at":1,"epoch":0,"ref":"camera-1","by":"eyes","description":"x"}');
    const nothing = parseEvent('{"type":"picture.described","at":1,"epoch":0,"ref":"photo-1","by":"eyes","description":""}');
    const before = after(CHOSEN, SENT, SHOWED);
    for (const event of [frame, nothing]) expect(event && next(before, { type: 'journal', event }).lines).toEqual(before.lines);
  });

  it('says it in the words of the page', () => {
    expect([seenInWords({ by: 'eyes', text: '1042' }, WORDS.de), seenInWords({ by: 'looker', text: 'A slip.' }, WORDS.en)]).toEqual([
      'Darauf gelesen: 1042',
      'Looker sees: A slip.',
    ]);
    expect(seenInWords({ by: 'looker', text: '' }, WORDS.de)).toBe('Was darauf ist, konnte niemand sagen.');
    expect(seenInWords({ by: 'eyes', text: 'a word '.repeat(100) }, WORDS.en)).toMatch(/^Read on it: (a word ){34}a …$/);
  });
});
