import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '../src/App';
import '../src/style/index.css';
import type { Joined } from '../src/token';
import { Refused } from '../src/trouble';
import './scene.css';

/** The page in a state that a test names: `?refused` lets nobody in. */
function token(): Promise<Joined> {
  if (location.search === '?refused') return Promise.reject(new Refused({ code: 'tooMany' }));
  return Promise.resolve({ url: '', token: '' });
}

const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <App token={token} site={null} language="en" figures />
    </StrictMode>,
  );
