import type { JournalEvent } from './events';

/** Characters that cannot be seen, or turn the direction of what follows. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|[\u{D800}-\u{DFFF}]/gu;
const STACKED = /(\p{M}{2})\p{M}+/gu;
const LONGEST = 40;

/** A name that anybody can choose, as it may stand beside what they say. */
export function cleanName(name: string): string {
  const seen = name.slice(0, 8 * LONGEST).normalize('NFC').replace(/[\t\n\r\p{Zs}]+/gu, ' ').replace(UNSEEN, '').replace(STACKED, '$1');
  return [...seen].slice(0, LONGEST).join('').trim();
}

/** What people are called. The worker's names are told apart; until one has come, it is what somebody calls themselves. */
export class Names {
  private readonly told = new Map<string, string>();

  constructor(
    private readonly me: () => string,
    private readonly calledThemselves: (identity: string) => string,
  ) {}

  learn(event: JournalEvent): void {
    if (event.type === 'person.came') this.told.set(event.participant, cleanName(event.name));
  }

  /** Empty for oneself, and for somebody whom nobody has named. */
  of(identity: string): string {
    if (identity === '' || identity === this.me()) return '';
    return this.told.get(identity) || cleanName(this.calledThemselves(identity)) || cleanName(identity);
  }

  /** Whose an event is. */
  whose(event: JournalEvent): string {
    return 'participant' in event ? this.of(event.participant) : '';
  }
}

/** The identities in an attribute of a caption; none for whatever else stands there. */
export function identities(attribute: string | undefined): string[] {
  try {
    const given: unknown = JSON.parse(attribute ?? '[]');
    return Array.isArray(given) ? given.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}
