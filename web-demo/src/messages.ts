/** What the page and the site that shows it say to each other. Never what people say: that stays in the page. */
export const MARK = 'baton-1';

export type ToSite = { baton: typeof MARK } & (
  | { type: 'ready' }
  | { type: 'token'; id: number; name: string }
  | { type: 'live'; agent: string }
  | { type: 'handoff'; agent: string }
  | { type: 'ended'; why: string }
);

export type ToPage = { baton: typeof MARK; type: 'joined'; id: number; url: string; token: string } | { baton: typeof MARK; type: 'refused'; id: number };
