import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const LIVEKIT = new URL('livekit.ts', import.meta.url).pathname;

/** The page as it is, but for its room, which no server is behind. */
const withoutServer: Plugin = {
  name: 'without-server',
  enforce: 'pre',
  resolveId: (source, importer) => (source === 'livekit-client' && importer !== LIVEKIT ? LIVEKIT : null),
};

/** For tests, and never part of what is shipped. */
export default defineConfig({
  root: new URL('.', import.meta.url).pathname,
  plugins: [withoutServer, react()],
  build: { target: 'es2022', minify: false, reportCompressedSize: false, chunkSizeWarningLimit: 5000, emptyOutDir: true },
});
