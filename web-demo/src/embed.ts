import type { ToPage, ToSite } from './messages';

/**
 * The one script that another site loads: it shows the page in a frame of its own, and passes on what happens in it as
 * `baton` events of the document. It imports nothing, so that it is a plain script; and nothing of it is global.
 */
(() => {
  const MARK: ToSite['baton'] = 'baton-1';
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) return;
  const desk = new URL(script.src).origin;
  const { tokenEndpoint, target, language = '', figures = 'off', label = 'Talk to us' } = script.dataset;
  const inline = target ? document.querySelector(target) : null;

  const frame = document.createElement('iframe');
  frame.title = label;
  frame.src = `${desk}/?${new URLSearchParams({ site: location.origin, tokens: tokenEndpoint ? 'site' : 'desk', language, figures })}`;
  frame.allow = `microphone ${desk}; camera ${desk}; display-capture ${desk}; autoplay ${desk}`;
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads');
  frame.referrerPolicy = 'no-referrer';

  const host = document.createElement('div');
  host.className = 'baton-call';
  const root = host.attachShadow({ mode: 'open' }); // the site's styles do not reach in, nor ours out
  const sheet = new CSSStyleSheet(); // not an element: a site's policy may forbid inline styles
  sheet.replaceSync(inline ? INLINE() : CORNER());
  root.adoptedStyleSheets = [sheet];
  root.append(...(inline ? [frame] : [frame, launcher()]));
  (inline ?? document.body).append(host);
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.source === frame.contentWindow && event.origin === desk && isOurs(event.data)) take(event.data);
  });

  function take(message: ToSite): void {
    if (message.type === 'token') {
      void token(message.id, message.name);
      return;
    }
    const { baton: _, ...detail } = message;
    document.dispatchEvent(new CustomEvent('baton', { detail }));
  }

  /** The site knows who its visitor is, and gives a token or does not. */
  async function token(id: number, name: string): Promise<void> {
    let answer: ToPage = { baton: MARK, type: 'refused', id };
    try {
      const response = await fetch(tokenEndpoint ?? '', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name }),
      });
      const joined: unknown = await response.json();
      if (response.ok && isToken(joined)) answer = { baton: MARK, type: 'joined', id, url: joined.url, token: joined.token };
    } catch {
      // the site's own server is away: the page says that nobody can be let in
    }
    frame.contentWindow?.postMessage(answer, desk);
  }

  function launcher(): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = label;
    button.setAttribute('aria-expanded', 'false');
    frame.hidden = true;
    button.addEventListener('click', () => {
      frame.hidden = !frame.hidden;
      button.setAttribute('aria-expanded', String(!frame.hidden));
      if (!frame.hidden) frame.focus();
    });
    return button;
  }

  function isOurs(data: unknown): data is ToSite {
    return typeof data === 'object' && data !== null && 'baton' in data && data.baton === MARK && 'type' in data;
  }

  function isToken(data: unknown): data is { url: string; token: string } {
    return (
      typeof data === 'object' && data !== null && 'url' in data && 'token' in data && typeof data.url === 'string' && typeof data.token === 'string'
    );
  }

  function INLINE(): string {
    return ':host { display: block; height: 100%; min-height: 32rem; } iframe { display: block; width: 100%; height: 100%; min-height: inherit; border: 0; }';
  }

  function CORNER(): string {
    return `
      :host { position: fixed; right: 1rem; bottom: 1rem; z-index: 2147483000; display: grid; justify-items: end; gap: 0.75rem; }
      iframe { width: min(24rem, 100vw - 2rem); height: min(42rem, 100dvh - 6rem); border: 1px solid #8884; border-radius: 1rem; box-shadow: 0 1rem 3rem #0004; }
      iframe[hidden] { display: none; }
      button { font: 600 1rem/1 system-ui, sans-serif; padding: 0.95rem 1.3rem; border: 0; border-radius: 2rem; background: #0a6658; color: #fff; cursor: pointer; box-shadow: 0 0.4rem 1.2rem #0003; }
      button:focus-visible { outline: 3px solid #0a6658; outline-offset: 3px; }
    `;
  }
})();
