import type { Ending, Note } from './call';
import type { FileLine, Seen } from './shownFiles';
import { readable, seconds, type Language, type Words } from './words';
import { reasonInWords, stepInWords, warningInWords } from './words/worker';

export function noteInWords(note: Note, words: Words, language: Language): string {
  switch (note.what) {
    case 'warned':
      return warningInWords(note.code, note.text, words);
    case 'lineRestored':
    case 'connectionBack':
    case 'resumed':
      return words[note.what](seconds(note.ms, language));
    case 'joined':
    case 'left':
      return words[note.what](note.who);
    case 'mutedBy':
    case 'unmutedBy':
      return words[note.what](note.who || words.you);
    case 'noReply':
      return stepInWords(note.step, note.reason, words);
    case 'heldBack':
      return words.heldBack(note.guard);
    default:
      return words[note.what];
  }
}

export function fileRefusalInWords(why: NonNullable<FileLine['why']>, words: Words): string {
  return 'ours' in why ? words[why.ours] : warningInWords(why.code, why.text, words);
}

const CAPTION = 240; // characters, beside a picture of which everybody sees the rest

/** What stands under a picture of what somebody has seen there. */
export function seenInWords({ by, text }: Seen, words: Words): string {
  if (!text) return words.notDescribed;
  const short = text.length > CAPTION ? `${text.slice(0, CAPTION).replace(/\s+\S*$/, '')} …` : text;
  return by === 'eyes' || by === '' ? words.readThere(short) : words.describedBy(readable(by), short);
}

const FOR_OPERATORS = ['cost.', 'limit.', 'line.', 'telephone.'];

/** What whoever runs the team can mend, and the caller cannot: it stands with the figures. */
export function isForOperators(note: Note): boolean {
  if (note.what === 'warned') return FOR_OPERATORS.some((kind) => note.code.startsWith(kind));
  return note.what === 'heldBack' || note.what === 'noReply';
}

export function endingInWords(ending: Ending | null, words: Words): string {
  if (ending === null) return words.ended;
  return ending.why === 'said' ? reasonInWords(ending.text, words) : words[ending.why];
}
