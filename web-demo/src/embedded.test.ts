import { describe, expect, it } from 'vitest';
import { start, type Call } from './call';
import { news, siteOf } from './embedded';

const live = (agent: string): Call => ({ ...start, status: 'live', agent });

describe('the site that shows the page', () => {
  it('is who its script says, if the page is in a frame at all', () => {
    const told = '?site=https%3A%2F%2Fshop.example&tokens=site&language=de&figures=on';
    expect(siteOf(told, true)).toEqual({ origin: 'https://shop.example', hasTokens: true, language: 'de', figures: true });
    expect(siteOf(told, false)).toBeNull();
    expect(siteOf('', true)).toBeNull();
  });

  it.each(['*', 'null', 'javascript:alert(1)', 'https://shop.example/path', '//shop.example'])('is none where it is told as %s', (site) => {
    expect(siteOf(`?${new URLSearchParams({ site })}`, true)).toBeNull();
  });

  it('is told of each step once, and of nothing that was said', () => {
    const caption: Call = { ...live('a'), lines: [{ kind: 'caller', id: '1', who: '', text: 'my PIN', how: 'spoken' }] };
    const ended: Call = { ...live('b'), status: 'ended', ending: { why: 'said', text: 'my PIN' } };
    const calls: (Call | null)[] = [null, start, live(''), live('a'), caption, live('b'), ended, ended, start];
    const told = calls.map((call, at) => news(calls[at - 1] ?? null, call)).filter((message) => message !== null);
    expect(told).toEqual([
      { type: 'live', agent: 'a' },
      { type: 'handoff', agent: 'b' },
      { type: 'ended', why: 'team' },
    ]);
  });
});
