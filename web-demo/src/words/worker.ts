import type { Words } from './en';

/** Why something was not taken: what the page knows itself, or the worker's own words, and their code where they have one. */
export type Why<Ours extends string> = { ours: Ours } | { code: string; text: string };

/** A warning of the worker's. Its own words are English, and tell more; a page in another language says it by the code. */
export function warningInWords(code: string, text: string, words: Words): string {
  return words.warnings[code] ?? text;
}

/** Why a press was not taken. These have no codes: it is known by the sentence, or it stays as it is. */
export function refusalInWords(text: string, words: Words): string {
  return words.presses[text] ?? text;
}

/** What is done about an answer that does not come. `step` is the journal's word for it. */
export function stepInWords(step: string, reason: string, words: Words): string {
  return words.steps[step] ?? words.noReply(reason);
}

type Ending = 'callOver' | 'roomClosed' | 'serviceStopped' | 'longSilence' | 'timeUp' | 'callLimit' | 'dayLimit' | 'noModel' | 'ourFault';

const ENDINGS: readonly [reason: RegExp, ending: Ending][] = [
  [/^the caller left/, 'callOver'],
  [/^another worker has the call$/, 'callOver'],
  [/^the room is gone$/, 'roomClosed'],
  [/^the worker stopped$/, 'serviceStopped'],
  [/^the caller has not been heard for long$/, 'longSilence'],
  [/^a limit was reached: minutes_per_call$/, 'timeUp'],
  [/^a limit was reached: cost_per_call$/, 'callLimit'],
  [/^a limit was reached: cost_per_day$/, 'dayLimit'],
  [/^the model is out of reach/, 'noModel'],
  [/^a fault of ours/, 'ourFault'],
];

/** Why the team has ended a call: the journal's reasons are for whoever runs it, these words for who was in it. */
export function reasonInWords(reason: string, words: Words): string {
  const known = ENDINGS.find(([pattern]) => pattern.test(reason));
  return known ? words[known[1]] : reason;
}
