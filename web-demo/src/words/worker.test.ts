import { describe, expect, it } from 'vitest';
import { WORDS } from '.';
import { endingInWords, noteInWords } from '../notes';
import { KNOWN } from '../events';
import { refusalInWords } from './worker';

const SOURCES = import.meta.glob<string>('../../../{worker,agents}/**/*.py', { query: '?raw', import: 'default', eager: true });

/** All that a pattern finds in the sources whose path ends so; there has to be something. */
function found(pattern: RegExp, ...ends: string[]): string[] {
  const sources = Object.entries(SOURCES).filter(([path]) => ends.length === 0 || ends.some((end) => path.endsWith(end)));
  const all = sources.flatMap(([, text]) => [...text.matchAll(pattern)].map(([, what]) => what ?? ''));
  expect(all.length, String(pattern)).toBeGreaterThan(0);
  return [...new Set(all)].sort();
}

/** Of the journal's events, those that people are not shown: they are for whoever reads it afterwards. */
const UNSEEN = [
  'frame.given',
  'handoff.decided',
  'looking.started',
  'looking.stopped',
  'memory.compacted',
  'model.used',
  'recording.muted',
];

describe('what the worker can tell', () => {
  it('is shown, or is known not to be: each event there is', () => {
    const events = found(/^    type: Literal\["([a-z.]+)"\]/gm, 'journal/events.py');
    expect(events).toEqual([...KNOWN, ...UNSEEN].sort());
  });

  it('has words of ours for each of its warnings, and its own on an English page', () => {
    const told = found(/\b(?:CallWarned\(\s*code=|Warned\(\s*|Refused\(\s*|_?warn\(\s*)"([a-z]+\.[a-z_]+)"/g);
    const codes = [...told, ...found(/return \(?\s*"([a-z]+\.[a-z_]+)"/g, 'room/loudness.py')].sort();
    expect(codes).toEqual(expect.arrayContaining(['chat.too_long', 'file.kind', 'limit.near', 'line.refused', 'microphone.silent', 'replies.several']));
    for (const code of codes) {
      const note = { what: 'warned', code, text: 'In English.', stream: '' } as const;
      expect(noteInWords(note, WORDS.de, 'de'), code).not.toBe('In English.');
      expect(noteInWords(note, WORDS.en, 'en'), code).toBe('In English.');
    }
    expect(noteInWords({ what: 'warned', code: 'team.own', text: 'Eigenes.', stream: '' }, WORDS.de, 'de')).toBe('Eigenes.');
  });

  it('has words of ours for each end of a call, and leaves those of a team', () => {
    const reasons = [
      ...found(/\bLeft\("([^"]+)"\)/g),
      ...found(/CallEnded\([^)]*reason="([^"]+)"/g),
      ...found(/^(?:_STOPPED|REASON) = "([^"]+)"/gm, 'held_call.py', 'long_silence.py'),
      ...found(/_part\((?:start, )?f"([^"]+)"\)/g),
      ...found(/^            reason = f"([^"]+)"/gm, 'held_call.py'),
      ...found(/^    "([a-z_]+)": \("/gm, 'turns/limits.py').map((limit) => `a limit was reached: ${limit}`),
    ];
    expect(reasons.length).toBeGreaterThan(8);
    for (const text of reasons) {
      const [english, german] = [endingInWords({ why: 'said', text }, WORDS.en), endingInWords({ why: 'said', text }, WORDS.de)];
      expect([english, german], text).not.toContain(text);
      expect(german, text).not.toBe(english);
    }
    expect(endingInWords({ why: 'said', text: 'The team has said goodbye.' }, WORDS.de)).toBe('The team has said goodbye.');
  });

  it('has words of ours for a press that is not taken', () => {
    const sentences = [
      ...found(/^_?[A-Z_]+ = "([A-Z][^"]+\.)"/gm, 'worker/cards.py', 'agents/presses.py'),
      ...found(/PressError\("([^"]+)"\)/g, 'agents/presses.py'),
      ...found(/RpcError\(REFUSED, "([^"]+)"\)/g, 'room/rpc.py'),
    ];
    for (const text of sentences) expect(refusalInWords(text, WORDS.de), text).not.toBe(text);
    expect(refusalInWords('Order number: digits only, please.', WORDS.de)).toBe('Order number: digits only, please.');
  });

  it('has words of ours for what is done about an answer that does not come', () => {
    for (const step of found(/^    [A-Z_]+ = "([^"]+)"/gm, 'turns/watchdog.py')) {
      const note = { what: 'noReply', reason: 'the reply was empty', step } as const;
      expect(noteInWords(note, WORDS.de, 'de'), step).not.toContain('empty');
      expect(noteInWords(note, WORDS.en, 'en'), step).toBe('No reply came (the reply was empty).');
    }
  });
});
