import { describe, expect, it } from 'vitest';
import { next, start, type Call, type CallEvent } from './call';
import type { Card } from './cards';
import { parseEvent, type PlanStep } from './events';
import { sourcesOf } from './film';

const CARD: Card = { kind: 'facts', title: 'x', lines: ['y'], fields: { a: 'b' }, link: null, choices: ['z'] };

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
        event: { type: 'agent.said', agent: 'reception', text: 'Hello, this is', item: 'a', interrupted: true, latency_ms: 640 },
      },
    );
    expect(call.status).toBe('live');
    expect(call.lines).toEqual([
      { kind: 'agent', id: 'a', agent: 'reception', text: 'Hello, this is', final: true, interrupted: true, latencyMs: 640, cost: null },
    ]);
  });

  it('knows what the agent looks at, and keeps that while another agent is being found', () => {
    const call = after({ type: 'sees', sees: sourcesOf('camera screen walls') }, { type: 'agent-left' });
    expect(call.sees).toEqual(['camera', 'screen']);
    expect(next(call, { type: 'sees', sees: ['camera', 'screen'] })).toBe(call);
    expect(next(call, { type: 'sees', sees: sourcesOf('') }).sees).toEqual([]);
  });

  it('says that it is recorded, for as long as it is', () => {
    const started = { type: 'journal', event: { type: 'recording.started' } } as const;
    const stopped = { type: 'journal', event: { type: 'recording.stopped' } } as const;
    expect(after().recorded).toBe(false);
    expect(after(started).recorded).toBe(true);
    expect(after(started, stopped).recorded).toBe(false);
    expect(after(started, { type: 'journal', event: { type: 'call.ended', reason: 'x' } }).recorded).toBe(false);
    expect(parseEvent('{"type": "recording.started", "file": "recording.ogg", "began_ms": 12}')?.type).toBe('recording.started');
  });

  it('says of the message that was interrupted what was heard, though its caption had run ahead and another begins alike', () => {
    const call = after(
      { type: 'agent-caption', id: 'a', text: 'Order one is on its way, and', final: true },
      { type: 'agent-caption', id: 'b', text: 'Order', final: false },
      {
        type: 'journal',
        event: { type: 'agent.said', agent: 'orders', text: 'Order one is', item: 'a', interrupted: true, latency_ms: 640 },
      },
    );
    expect(call.lines).toMatchObject([
      { id: 'a', text: 'Order one is', interrupted: true, latencyMs: 640 },
      { id: 'b', text: 'Order', interrupted: false, latencyMs: null },
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

  it('shows the plan as it stands last', () => {
    const wish = (text: string, state: PlanStep['state']): PlanStep => ({ wish: text, agent: 'orders', state });
    const call = after(
      { type: 'journal', event: { type: 'plan.changed', steps: [wish('move it', 'active'), wish('send it back', 'open')] } },
      { type: 'journal', event: { type: 'plan.changed', steps: [wish('move it', 'done'), wish('send it back', 'active')] } },
    );
    expect(call.plan.map((step) => step.state)).toEqual(['done', 'active']);
    expect(call.lines).toEqual([]);
  });

  it('tells how it goes with a tool, and which steps are done, once each', () => {
    const done: CallEvent = { type: 'journal', event: { type: 'task.done', agent: 'returns', task: 'identify' } };
    const call = after(
      { type: 'journal', event: { type: 'tool.called', call_id: '1', tool: 'find_order' } },
      { type: 'journal', event: { type: 'tool.progressed', call_id: '1', text: 'Asking the carrier.' } },
      done,
      done,
    );
    expect(call.lines).toEqual([
      { kind: 'tool', id: '1', tool: 'find_order', state: 'running', progress: 'Asking the carrier.' },
      { kind: 'task', id: 'returns-identify', task: 'identify' },
    ]);
  });

  it('waits for another agent when one is gone, and says for how long nobody heard the caller', () => {
    const gone = after({ type: 'agent', agent: 'orders', state: 'speaking' }, { type: 'agent-left' });
    expect(gone.status).toBe('waiting');
    const back = [
      { type: 'agent', agent: 'returns', state: 'speaking' },
      { type: 'journal', event: { type: 'call.resumed', agent: 'returns', gap_ms: 1870 } },
    ] satisfies CallEvent[];
    const call = back.reduce<Call>(next, gone);
    expect(call.status).toBe('live');
    expect(call.agent).toBe('returns');
    expect(call.lines.map((line) => (line.kind === 'note' ? line.note : line.kind))).toEqual([{ what: 'agentGone' }, { what: 'resumed', ms: 1870 }]);
  });

  it('stays ended when the agent leaves after that', () => {
    const call = after({ type: 'journal', event: { type: 'call.ended', reason: 'enough' } }, { type: 'agent-left' });
    expect(call.status).toBe('ended');
    expect(call.lines).toEqual([]);
  });

  it('tells a line that is being restored from one that is not', () => {
    const lost = (final: boolean): CallEvent => ({ type: 'journal', event: { type: 'line.lost', final } });
    const notes = after(lost(false), lost(true)).lines.map((line) => (line.kind === 'note' ? line.note.what : ''));
    expect(notes).toEqual(['lineLost', 'unreachable']);
  });

  it('stays ended, whatever comes late', () => {
    const call = after({ type: 'ended', ending: { why: 'youLeft' } }, { type: 'agent', agent: 'a', state: 'listening' }, { type: 'waiting' });
    expect(call.status).toBe('ended');
    expect(next(call, { type: 'ended', ending: { why: 'connectionLost' } }).ending).toEqual({ why: 'youLeft' });
  });

  it('tells how long the connection was away, and is honest about what may be missing', () => {
    const away = after({ type: 'agent', agent: 'a', state: 'listening' }, { type: 'away', at: 1000 }, { type: 'away', at: 2500 });
    expect(away.awaySince).toBe(1000);
    const back = next(away, { type: 'back', at: 4200 });
    expect(back.awaySince).toBeNull();
    expect(back.lines).toMatchObject([{ kind: 'note', note: { what: 'connectionBack', ms: 3200 } }]);
    expect(next(back, { type: 'back', at: 9000 })).toBe(back);
    expect(next(away, { type: 'ended', ending: { why: 'connectionLost' } }).awaySince).toBeNull();
  });

  it('tells beside the last reply to a turn what the turn has cost', () => {
    const cost = (amount: number | null, total: number): CallEvent => ({
      type: 'journal',
      event: { type: 'cost.updated', cost: amount, total, currency: 'USD' },
    });
    const said = (id: string): CallEvent => ({ type: 'agent-caption', id, text: 'yes', final: true });
    const call = after(
      { type: 'caller-caption', id: '1', who: '', text: 'one' },
      cost(0.25, 0.25),
      said('a'),
      cost(0.5, 0.75),
      cost(null, 0.75),
      { type: 'caller-caption', id: '2', who: '', text: 'two' },
      cost(0.125, 0.875),
      said('b'),
    );
    expect(call.lines.flatMap((line) => (line.kind === 'agent' ? [line.cost] : []))).toEqual([0.75, 0.125]);
    expect(call.spent).toEqual({ total: 0.875, currency: 'USD', unplaced: 0 });
  });
});

describe('a journal event', () => {
  it('is not taken when a field is missing or of another kind', () => {
    expect(parseEvent('{"type":"handoff.done","source":"a"}')).toBeNull();
    expect(parseEvent('{"type":"handoff.done","source":"a","target":1}')).toBeNull();
    expect(parseEvent('{"type":"nobody.knows"}')).toBeNull();
    expect(parseEvent('no json')).toBeNull();
  });

  it.each([
    ['a team that is no map', { type: 'call.started', agent: 'a', model: 'b', agents: ['a'] }],
    ['a price that is no number', { type: 'cost.updated', cost: '<b>1</b>', total: 1, currency: 'USD' }],
    ['a plan without a list', { type: 'plan.changed', steps: {} }],
    ['a step in a state nobody knows', { type: 'plan.changed', steps: [{ wish: 'x', agent: 'y', state: 'lost' }] }],
    ['a card without choices', { type: 'card.shown', call_id: '1', card: { kind: 'facts', title: 'x', lines: [], fields: {}, link: null } }],
    ['a card of a kind nobody knows', { type: 'card.shown', call_id: '1', card: { ...CARD, kind: 'constructor' } }],
    ['a form field that is typed otherwise', { type: 'card.shown', call_id: '1', card: { kind: 'form', title: 'x', lines: [], send: null, fields: [{ key: 'a', type: 'file' }] } }],
    ['a link that is not safe on its way', { type: 'card.shown', call_id: '1', card: { ...CARD, link: { label: 'x', url: 'http://example.org' } } }],
    ['a field that is no text', { type: 'card.shown', call_id: '1', card: { ...CARD, fields: { a: 1 } } }],
    ['a link that runs', { type: 'card.shown', call_id: '1', card: { ...CARD, link: { label: 'x', url: 'javascript:alert(1)' } } }],
  ])('is not taken: %s', (_, event) => {
    expect(parseEvent(JSON.stringify(event))).toBeNull();
  });

  it('is taken with all that it holds', () => {
    const card = { ...CARD, link: { label: 'x', url: 'https://example.org' } };
    expect(parseEvent(JSON.stringify({ type: 'card.shown', call_id: '1', card }))).toMatchObject({ card });
    const steps = [{ wish: 'x', agent: 'y', state: 'open' }];
    expect(parseEvent(JSON.stringify({ type: 'plan.changed', steps }))).toMatchObject({ steps });
  });

  it('of a worker that is older than the page is taken all the same', () => {
    expect(parseEvent('{"type":"call.warned","code":"x","detail":"y"}')).toMatchObject({ stream: '' });
    expect(parseEvent('{"type":"call.started","agent":"a","model":"b"}')).toMatchObject({ agents: {} });
  });

  it('is taken as it is when it fits', () => {
    expect(parseEvent('{"type":"line.lost","at":5,"epoch":1,"reason":"x","final":false}')?.type).toBe('line.lost');
  });
});
