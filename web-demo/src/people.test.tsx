import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { next, start, type Call, type CallEvent } from './call';
import { parseEvent, type JournalEvent } from './events';
import { LineView } from './LineView';
import { parsePast } from './past';
import { cleanName, identities, Names } from './people';
import { invitedTo, inviteTo } from './token';

const MARKUP = `<img src=x onerror=alert(1)><script>alert(1)</script>"' &amp;`;

function names(): Names {
  return new Names(
    () => 'me',
    (identity) => (identity === 'ben' ? 'Ben' : ''),
  );
}

function after(...events: CallEvent[]): Call {
  return events.reduce(next, start);
}

describe('names of people', () => {
  it('are those of the worker, or what somebody calls themselves, and nobody names oneself', () => {
    const known = names();
    expect([known.of('me'), known.of('ben'), known.of('caller-7'), known.of('')]).toEqual(['', 'Ben', 'caller-7', '']);
    known.learn({ type: 'person.came', participant: 'ben', name: 'Ben 2' });
    expect(known.of('ben')).toBe('Ben 2');
    expect(known.whose({ type: 'user.wrote', participant: 'ben', text: 'x' })).toBe('Ben 2');
    expect(known.whose({ type: 'call.ended', reason: 'x' })).toBe('');
  });

  it('hold nothing that cannot be seen, or that turns the direction of what follows', () => {
    expect(cleanName('\u202egro.live\u202c')).toBe('gro.live');
    expect(cleanName('A\u200bn\ufeffna\n\t\0')).toBe('Anna');
    expect(cleanName(`e${'\u0301'.repeat(50)}`)).toHaveLength(3);
    expect(cleanName('x'.repeat(10_000))).toHaveLength(40);
    expect(cleanName('👩'.repeat(60))).toBe('👩'.repeat(40));
    expect(cleanName('Zoë Ó Briain')).toBe('Zoë Ó Briain');
  });

  it('stand beside what people say, type and show, and are never markup', () => {
    const call = after(
      { type: 'caller-caption', id: 'a', who: cleanName(MARKUP), also: [MARKUP, 'Cleo'], text: MARKUP },
      { type: 'journal', event: { type: 'user.wrote', participant: 'ben', text: MARKUP }, who: MARKUP },
      { type: 'journal', event: { type: 'person.came', participant: 'ben', name: MARKUP }, who: MARKUP },
      { type: 'journal', event: { type: 'agent.muted', participant: 'ben', muted: true }, who: MARKUP },
      { type: 'journal', event: { type: 'user.showed', ref: 'photo-1', name: MARKUP, stream: '', pages: 0, description: '' }, who: MARKUP },
    );
    expect(call.lines).toHaveLength(5);
    const html = call.lines.map((line) => renderToStaticMarkup(<LineView line={line} currency="" mark="" />)).join('\n');
    expect(html).not.toMatch(/<(img|script)/);
    expect(html.match(/&lt;script&gt;alert/g)?.length).toBeGreaterThan(5);
    expect(html).toContain('Cleo');
    const tags = [...html.matchAll(/<\/?([a-z]+)/g)].map(([, tag]) => tag);
    expect([...new Set(tags)].sort()).toEqual(['article', 'bdi', 'div', 'figcaption', 'figure', 'header', 'p', 'path', 'span', 'strong', 'svg']);
  });

  it('are read from a caption that several spoke, whatever stands there', () => {
    expect(identities('["ben", "cleo"]')).toEqual(['ben', 'cleo']);
    expect(['', '{', '7', 'null', '[1, {}]', '['.repeat(50_000), undefined].flatMap(identities)).toEqual([]);
  });
});

describe('an invitation', () => {
  it('leads into the same room, and any other address into a room of its own', () => {
    const link = inviteTo('room-AbC_def-1234567', 'https://shop.example/talk?lang=de#room=room-of-somebody-else');
    expect(link).toBe('https://shop.example/talk?lang=de#room=room-AbC_def-1234567');
    expect(invitedTo(new URL(link).hash)).toEqual({ room: 'room-AbC_def-1234567' });
    for (const odd of ['', '#', '#room=', '#room=short', `#room=${'x'.repeat(65)}`, '#room=<script>alert(1)</script>', '#other']) expect(invitedTo(odd)).toEqual({});
  });

  it('is offered where others are heard', () => {
    const started = (linked?: string) => after({ type: 'journal', event: { type: 'call.started', agent: 'a', model: 'm', agents: {}, ...(linked ? { linked } : {}) } });
    expect([started('all').open, started('first').open, started().open]).toEqual([true, false, false]);
  });
});

describe('a call that somebody joins late', () => {
  const told = (event: JournalEvent, who = '') => ({ event, who });
  const said: JournalEvent = { type: 'user.said', participant: 'ben', text: 'Where is my order?' };
  const answered: JournalEvent = { type: 'agent.said', agent: 'orders', text: 'On its way.', item: 'm1', interrupted: false, latency_ms: 700 };

  it('shows what was said before, in order, and goes on from there', () => {
    const call = after(
      { type: 'agent-caption', id: 'm2', text: 'Anything else?', final: true },
      { type: 'past', told: [told({ type: 'call.started', agent: 'orders', model: 'openai', agents: { orders: [] } }), told(said, 'Ben'), told(answered)] },
      { type: 'journal', event: { type: 'user.wrote', participant: 'ben', text: 'No.' }, who: 'Ben' },
      { type: 'journal', event: { type: 'user.wrote', participant: 'me', text: 'Yes.' } },
    );
    expect(call.lines.map((line) => ('text' in line ? `${'who' in line ? line.who : line.agent}: ${line.text}` : line.kind))).toEqual([
      'Ben: Where is my order?',
      'orders: On its way.',
      ': Anything else?',
      'Ben: No.',
      ': Yes.',
    ]);
    expect(new Set(call.lines.map((line) => `${line.kind}-${line.id}`)).size).toBe(5);
    expect([call.model, Object.keys(call.team)]).toEqual(['openai', ['orders']]);
  });

  it('leaves out what the page has heard itself, and what it cannot read', () => {
    const wrote = '{"type":"user.wrote","at":12,"epoch":0,"participant":"ben","text":"Hello"}';
    const later = '{"type":"user.wrote","at":13,"epoch":0,"participant":"ben","text":"Hello"}';
    expect(parsePast(`[${wrote}, ${later}, 7, null, {"type": "user.wrote"}, {"type": "__proto__"}]`, new Set([wrote]))).toEqual([parseEvent(later)]);
    for (const odd of ['', '{}', 'null', '[', '['.repeat(100_000), '[[[]]]']) expect(parsePast(odd, new Set())).toEqual([]);
  });

  it('knows whether the agent is muted', () => {
    expect(after({ type: 'past', told: [told({ type: 'agent.muted', participant: 'ben', muted: true }, 'Ben')] }).lines).toHaveLength(1);
    expect(after({ type: 'muted', muted: true }).muted).toBe(true);
    expect(after({ type: 'muted', muted: true }, { type: 'journal', event: { type: 'agent.muted', participant: 'me', muted: false } }).muted).toBe(false);
  });
});
