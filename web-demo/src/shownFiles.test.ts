import { describe, expect, it } from 'vitest';
import { next, start, type Call, type CallEvent } from './call';

const CHOSEN: CallEvent = { type: 'file-chosen', id: 'x', name: 'slip.jpg', preview: 'blob:1' };
const SENT: CallEvent = { type: 'file-sent', id: 'x', stream: 's1' };
const SHOWED: CallEvent = {
  type: 'journal',
  event: { type: 'user.showed', ref: 'photo-1', name: 'slip.jpg', stream: 's1', pages: 0, description: '' },
};
const REFUSED: CallEvent = { type: 'journal', event: { type: 'call.warned', code: 'file.kind', detail: 'Send a JPEG.', stream: 's1' } };

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
    expect(after(CHOSEN, SENT, REFUSED).lines).toMatchObject([{ kind: 'file', state: 'refused', why: 'Send a JPEG.' }]);
  });

  it('is refused too where the refusal comes before LiveKit says that it is sent', () => {
    expect(after(CHOSEN, REFUSED, SENT).lines).toMatchObject([{ kind: 'file', state: 'refused', why: 'Send a JPEG.' }]);
  });

  it('is a placeholder where somebody else has shown it, once', () => {
    expect(after(SHOWED, SHOWED).lines).toMatchObject([{ kind: 'file', mine: false, preview: '', name: 'slip.jpg', state: 'shown' }]);
  });

  it('leaves other warnings beside it', () => {
    const other: CallEvent = { type: 'journal', event: { type: 'call.warned', code: 'microphone.silent', detail: 'Speak up.', stream: '' } };
    expect(after(CHOSEN, other).lines.map((line) => line.kind)).toEqual(['file', 'note']);
  });
});
