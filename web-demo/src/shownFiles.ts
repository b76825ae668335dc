import type { Line } from './call';
import type { JournalEvent } from './events';
import type { Why } from './words/worker';

/** A picture or document that somebody shows. `stream`: LiveKit's id of it, once it is sent; `ref`: what agents call it. */
export interface FileLine {
  kind: 'file';
  id: string;
  name: string;
  mine: boolean;
  /** Where this browser has the picture itself; empty for what is no picture, or is another's. */
  preview: string;
  state: 'sending' | 'sent' | 'shown' | 'refused';
  /** From 0 to 1. */
  progress: number;
  stream: string;
  ref: string;
  pages: number;
  /** What somebody has seen on it, who told it to a model or a guard that does not see; null where nobody did. */
  seen: Seen | null;
  /** Why it was refused; null while it is not. */
  why: Why<'tooLarge' | 'notSendable'> | null;
}

/** `by`: `eyes`, which read texts and codes, or a sub-agent. `text` is empty where it could not be told. */
export interface Seen {
  by: string;
  text: string;
}

export type FileSent =
  | { type: 'file-chosen'; id: string; name: string; preview: string }
  | { type: 'file-sending'; id: string; progress: number }
  | { type: 'file-sent'; id: string; stream: string }
  | { type: 'file-failed'; id: string; why: 'tooLarge' | 'notSendable' };

const CHOSEN: Omit<FileLine, 'id' | 'name' | 'preview'> = {
  kind: 'file',
  mine: true,
  state: 'sending',
  progress: 0,
  stream: '',
  ref: '',
  pages: 0,
  seen: null,
  why: null,
};

/** What became of a file of ours on its way. */
export function withFate(lines: Line[], event: FileSent): Line[] {
  if (event.type === 'file-chosen') {
    const { id, name, preview } = event;
    return [...lines, { ...CHOSEN, id, name, preview }];
  }
  const told = event.type === 'file-sent' ? lines.find((line) => streamOf(line) === event.stream) : undefined;
  return lines
    .filter((line) => line !== told) // the worker may tell of it before LiveKit says that it is sent
    .map((line) => (line.kind === 'file' && line.id === event.id ? fate(line, event, told) : line));
}

function fate(line: FileLine, event: Exclude<FileSent, { type: 'file-chosen' }>, told: Line | undefined): FileLine {
  switch (event.type) {
    case 'file-sending':
      return { ...line, progress: Math.max(line.progress, event.progress) };
    case 'file-sent':
      if (told?.kind === 'note' && told.note.what === 'warned') return { ...line, state: 'refused', why: { code: told.note.code, text: told.note.text }, stream: event.stream };
      if (told?.kind === 'file') return { ...told, id: line.id, name: told.name || line.name, mine: true, preview: line.preview };
      return { ...line, state: 'sent', progress: 1, stream: event.stream };
    case 'file-failed':
      return { ...line, state: 'refused', why: { ours: event.why } };
    default:
      return event satisfies never;
  }
}

/** The team has been shown a file: one of ours, or one of somebody else in the room. */
export function withShown(lines: Line[], { ref, name, stream, pages }: Extract<JournalEvent, { type: 'user.showed' }>): Line[] {
  const ours = withStream(lines, stream, (line) => ({ ...line, state: 'shown', ref, pages, name: name || line.name }));
  if (ours) return ours;
  if (lines.some((line) => line.kind === 'file' && line.ref === ref)) return lines;
  return [...lines, { ...CHOSEN, id: stream || ref, name: name || ref, mine: false, preview: '', state: 'shown', progress: 1, stream, ref, pages }];
}

/** What is on a picture of a file; frames of a camera are no lines, and are not told of. */
export function withDescription(lines: Line[], { ref, by, description, failed }: Extract<JournalEvent, { type: 'picture.described' }>): Line[] {
  if (!description && !failed) return lines;
  return lines.map((line) => (line.kind === 'file' && ref !== '' && line.ref === ref ? { ...line, seen: { by, text: description } } : line));
}

/** The lines with another one for the file of this stream; null where there is none. */
export function withStream(lines: Line[], stream: string, other: (line: FileLine) => FileLine): Line[] | null {
  const at = lines.findLastIndex((line) => line.kind === 'file' && stream !== '' && line.stream === stream);
  const line = lines[at];
  return line?.kind === 'file' ? lines.with(at, other(line)) : null;
}

/** Which stream a line tells of; a refusal may be there before the file is known by its stream. */
function streamOf(line: Line): string {
  if (line.kind === 'file') return line.stream;
  return line.kind === 'note' && line.note.what === 'warned' ? line.note.stream : '';
}
