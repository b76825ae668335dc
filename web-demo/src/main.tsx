import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { askSite, siteOf } from './embedded';
import './style/index.css';
import { askFrontDesk } from './token';
import { choose, keptLanguage } from './words';

const root = document.getElementById('root');
if (root) {
  const site = siteOf(location.search, window.parent !== window);
  createRoot(root).render(
    <StrictMode>
      <App
        token={site?.hasTokens ? (name) => askSite(site, name) : askFrontDesk}
        site={site}
        language={choose(site?.language || keptLanguage(), navigator.languages)}
        figures={site === null || site.figures}
      />
    </StrictMode>,
  );
}
