import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 1200,
    rollupOptions: {
      input: { page: 'index.html', embed: 'src/embed.ts' },
      output: { entryFileNames: ({ name }) => (name === 'embed' ? 'embed.js' : 'assets/[name]-[hash].js') }, // others name it
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
});
