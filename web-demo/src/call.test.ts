import { describe, expect, it } from 'vitest';
import { next, start, type Call, type CallEvent } from './call';
import { parseEvent } from './events';

function after(...events: CallEvent[]): Call {
  return events.reduce(next, start);
}

describe('a call on the page', () => {
  it('shows a caption growing, and what became of it', () => {
    const call = after(
      { type: 'agent', agent: 'reception', state: 'speaking' },
      { type: 'agent-caption', id: 'a', text: 'Hello, this', final: false },
      { type: 'agent-caption', id: 'a', text: 'Hello, this is', final: true },
      {
        type: 'journal',
        event: { type: 'agent.said', agent: 'reception', text: 'Hello, this is', interrupted: true, latency_ms: 640 },
      },
    );
    expect(call.status).toBe('live');
    expect(call.lines).toEqual([
      { kind: 'agent', id: 'a', agent: 'reception', text: 'Hello, this is', final: true, interrupted: true, latencyMs: 640 },
    ]);
  });

  it('names the next agent from the handoff on', () => {
    const call = after(
      { type: 'agent', agent: 'reception', state: 'speaking' },
      { type: 'journal', event: { type: 'handoff.done', source: 'reception', target: 'returns' } },
      { type: 'agent-caption', id: 'b', text: 'This is', final: false },
    );
    expect(call.agent).toBe('returns');
    expect(call.lines.map((line) => (line.kind === 'agent' ? line.agent : line.kind))).toEqual(['handoff', 'returns']);
  });

  it('stays ended, whatever comes late', () => {
    const call = after({ type: 'connection', status: 'ended', because: 'You left.' }, { type: 'connection', status: 'live' });
    expect(call.status).toBe('ended');
  });
});

describe('a journal event', () => {
  it('is not taken when a field is missing or of another kind', () => {
    expect(parseEvent('{"type":"handoff.done","source":"a"}')).toBeNull();
    expect(parseEvent('{"type":"handoff.done","source":"a","target":1}')).toBeNull();
    expect(parseEvent('{"type":"nobody.knows"}')).toBeNull();
    expect(parseEvent('no json')).toBeNull();
  });

  it('is taken as it is when it fits', () => {
    expect(parseEvent('{"type":"line.lost","at":5,"epoch":1,"reason":"x"}')?.type).toBe('line.lost');
  });
});
