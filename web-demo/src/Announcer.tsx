import type { Call, Line } from './call';
import { canPress } from './cards';
import { fileRefusalInWords, noteInWords, seenInWords } from './notes';
import { readable, useLanguage, useWords, type Language, type Words } from './words';

const KEPT = 8;

/**
 * What a screen reader says of the timeline: each thing once, when it is whole. A caption that grows word by word
 * would be read again with every word.
 */
export function Announcer({ call }: { call: Call }) {
  const words = useWords();
  const language = useLanguage();
  const said = call.lines.flatMap((line) => {
    const text = aloud(line, words, language);
    const key = `${line.kind}-${line.id}-${line.kind !== 'card' && 'state' in line ? line.state : ''}`;
    const seen = line.kind === 'file' && line.seen ? [{ key: `${key}-seen`, text: seenInWords(line.seen, words) }] : [];
    return [...(text ? [{ key, text }] : []), ...seen];
  });
  return (
    <div className="unseen" aria-live="polite" aria-relevant="additions">
      {call.awaySince !== null && <p>{words.reconnecting(0)}</p>}
      {said.slice(-KEPT).map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}

function aloud(line: Line, words: Words, language: Language): string {
  switch (line.kind) {
    case 'agent':
      return line.final ? `${readable(line.agent)}: ${line.text}` : '';
    case 'handoff':
      return line.done ? words.handedOverAloud(readable(line.source), readable(line.target)) : words.notHandedOver(readable(line.target));
    case 'file':
      if (line.state === 'refused') return `${line.name}: ${words.refused}. ${line.why ? fileRefusalInWords(line.why, words) : ''}`;
      return line.state === 'shown' ? `${line.name}: ${words.shown}` : '';
    case 'card':
      return [line.card.title, ...line.card.lines, line.state === 'open' && canPress(line.card) ? words.canPress : ''].filter(Boolean).join('. ');
    case 'given':
      return line.url === '' ? '' : `${line.words} ${line.picture ? '' : words.canSave}`.trim();
    case 'note':
      return noteInWords(line.note, words, language);
    case 'caller':
    case 'tool':
    case 'task':
      return '';
    default:
      return line satisfies never;
  }
}
