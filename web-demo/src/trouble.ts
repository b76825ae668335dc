import type { Words } from './words';

/** Why there is no call: in words of ours, or in those of whoever refused it. */
export type Trouble =
  | { code: 'away' | 'tooMany' | 'notFromHere' | 'noToken' | 'odd' | 'insecure' | 'microphoneRefused' | 'noMicrophone' | 'microphoneBusy' | 'notConnected' }
  | { code: 'said'; what: string; remedy: string };

export class Refused extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble.code);
  }
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof Refused) return error.trouble;
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError') return { code: 'microphoneRefused' };
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return { code: 'noMicrophone' };
  if (name === 'NotReadableError') return { code: 'microphoneBusy' };
  return { code: 'notConnected' };
}

export function inWords(trouble: Trouble, words: Words): readonly [what: string, remedy: string] {
  return trouble.code === 'said' ? [trouble.what, trouble.remedy] : words[trouble.code];
}
