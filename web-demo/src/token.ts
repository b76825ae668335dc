import { Refused, type Trouble } from './trouble';

export interface Joined {
  url: string;
  token: string;
}

/** Where a token comes from: the front desk, or the site that this page is part of. */
export type Token = (name: string) => Promise<Joined>;

const REFUSALS = new Map<number, Trouble>([
  [403, { code: 'notFromHere' }],
  [429, { code: 'tooMany' }],
]);

const INVITED = /^#room=([\w-]{16,64})$/;

/** The address of a page that joins the same room: who has it may come in. What stands after the `#` is told to no server. */
export function inviteTo(room: string, page: string): string {
  return `${page.replace(/#.*$/, '')}#room=${room}`;
}

/** The room that an address invites to; none for any other. */
export function invitedTo(hash: string): { room?: string } {
  const room = INVITED.exec(hash)?.[1];
  return room === undefined ? {} : { room };
}

export async function askFrontDesk(name: string): Promise<Joined> {
  const response = await fetch('/api/join', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, ...invitedTo(location.hash) }),
  }).catch(() => {
    throw new Refused({ code: 'away' });
  });
  const body: unknown = await response.json().catch(() => null);
  if (isJoined(body)) return body;
  const known = REFUSALS.get(response.status);
  if (known) throw new Refused(known);
  if (typeof body === 'object' && body !== null && 'error' in body && 'hint' in body)
    throw new Refused({ code: 'said', what: String(body.error), remedy: String(body.hint) });
  throw new Refused({ code: 'odd' });
}

export function isJoined(body: unknown): body is Joined {
  return (
    typeof body === 'object' &&
    body !== null &&
    'url' in body &&
    'token' in body &&
    typeof body.url === 'string' &&
    typeof body.token === 'string'
  );
}

/** Asks for the microphone before anybody is called: a refusal is told while nothing has begun. */
export async function microphoneAllowed(deviceId: string): Promise<void> {
  if (!('mediaDevices' in navigator)) throw new Refused({ code: 'insecure' });
  const audio = deviceId ? { deviceId: { exact: deviceId } } : true;
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  stream.getTracks().forEach((track) => track.stop());
}
