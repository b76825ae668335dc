import type { Call } from './call';
import { MARK, type ToSite } from './messages';
import { isJoined, type Joined } from './token';
import { Refused } from './trouble';

const ANSWERS_MS = 20_000;

/** The site that shows this page within its own, as its script has told. Only a site that the front desk allows can. */
export interface Site {
  origin: string;
  /** The site has tokens of its own; else the front desk gives them. */
  hasTokens: boolean;
  language: string | null;
  figures: boolean;
}

/** Null where the page stands alone. */
export function siteOf(search: string, framed: boolean): Site | null {
  const told = new URLSearchParams(search);
  const origin = told.get('site');
  if (!framed || origin === null || !/^https?:\/\/[^/]+$/.test(origin)) return null;
  return { origin, hasTokens: told.get('tokens') === 'site', language: told.get('language'), figures: told.get('figures') === 'on' };
}

/** A browser delivers it to that site only, whoever else may show the page. */
export function tell(site: Site, message: WithoutMark<ToSite>): void {
  window.parent.postMessage({ baton: MARK, ...message }, site.origin);
}

type WithoutMark<T> = T extends unknown ? Omit<T, 'baton'> : never;

/** What the site is told when a call has become this from that. */
export function news(before: Call | null, call: Call | null): WithoutMark<ToSite> | null {
  if (!call) return null;
  if (call.status === 'ended') return before?.status === 'ended' ? null : { type: 'ended', why: call.ending?.why === 'said' ? 'team' : (call.ending?.why ?? 'team') };
  if (call.status !== 'live' || !call.agent) return null;
  if (before?.status !== 'live' || !before.agent) return { type: 'live', agent: call.agent };
  return before.agent === call.agent ? null : { type: 'handoff', agent: call.agent };
}

let asked = 0;

/** Asks the site for a token. Anything that another window sends is no answer. */
export function askSite(site: Site, name: string): Promise<Joined> {
  const id = ++asked;
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const refuse = () => {
      done.abort();
      reject(new Refused({ code: 'noToken' }));
    };
    const timer = setTimeout(refuse, ANSWERS_MS);
    done.signal.addEventListener('abort', () => clearTimeout(timer));
    const take = (event: MessageEvent<unknown>) => {
      if (event.source !== window.parent || event.origin !== site.origin || !isAnswer(event.data, id)) return;
      if (!isJoined(event.data)) return refuse();
      done.abort();
      resolve({ url: event.data.url, token: event.data.token });
    };
    window.addEventListener('message', take, { signal: done.signal });
    tell(site, { type: 'token', id, name });
  });
}

function isAnswer(data: unknown, id: number): boolean {
  return typeof data === 'object' && data !== null && 'baton' in data && data.baton === MARK && 'id' in data && data.id === id;
}
