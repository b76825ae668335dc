import type { Ending, Note } from './call';
import { seconds, type Language, type Words } from './words';

export function noteInWords(note: Note, words: Words, language: Language): string {
  switch (note.what) {
    case 'warned':
      return note.text;
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
      return words.noReply(note.reason);
    case 'heldBack':
      return words.heldBack(note.guard);
    default:
      return words[note.what];
  }
}

const FOR_OPERATORS = ['cost.', 'limit.', 'line.', 'model.', 'tool.', 'agent.'];

/** What whoever runs the team can mend, and the caller cannot: it stands with the figures. */
export function isForOperators(note: Note): boolean {
  if (note.what === 'warned') return FOR_OPERATORS.some((kind) => note.code.startsWith(kind));
  return note.what === 'heldBack' || note.what === 'noReply';
}

export function endingInWords(ending: Ending | null, words: Words): string {
  if (ending === null) return words.ended;
  return ending.why === 'said' ? ending.text : words[ending.why];
}
