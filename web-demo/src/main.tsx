import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { askFrontDesk } from './token';
import './style.css';
import { choose, keptLanguage } from './words';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App token={askFrontDesk} language={choose(keptLanguage(), navigator.languages)} figures />
    </StrictMode>,
  );
}
