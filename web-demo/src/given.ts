import type { Line } from './call';
import type { JournalEvent } from './events';

/** A file or a picture that the team gives. `url`: where this browser has it; empty while it is on its way. */
export interface GivenLine {
  kind: 'given';
  id: string;
  name: string;
  picture: boolean;
  bytes: number;
  words: string;
  url: string;
}

export const MOST_BYTES = 2 * 1024 * 1024;
const PICTURES: readonly string[] = ['image/png', 'image/jpeg'];
const TYPES: readonly string[] = [...PICTURES, 'application/pdf', 'text/plain', 'text/csv', 'text/calendar'];

/** The type under which a browser may hold bytes that came from outside: none that it would run. */
export function safeType(mime: string): string {
  return TYPES.includes(mime) ? mime : 'application/octet-stream';
}

/** A name to save it by: never a path, and nothing that hides what it ends in. */
export function safeName(name: string): string {
  const bare = name.replace(/[^\w.-]+/g, '-').replace(/^[.-]+/, '').slice(-80);
  return bare || 'file';
}

export function withGiven(lines: Line[], { stream, name, mime, bytes, words }: Extract<JournalEvent, { type: 'file.given' }>, url: string): Line[] {
  if (lines.some((line) => line.kind === 'given' && line.id === stream)) return lines;
  return [...lines, { kind: 'given', id: stream, name: safeName(name), picture: PICTURES.includes(mime), bytes, words, url }];
}

/** The bytes of a file are there; null while nobody has told of the file. */
export function withBytes(lines: Line[], stream: string, url: string): Line[] | null {
  const known = lines.some((line) => line.kind === 'given' && line.id === stream);
  return known ? lines.map((line) => (line.kind === 'given' && line.id === stream ? { ...line, url } : line)) : null;
}
