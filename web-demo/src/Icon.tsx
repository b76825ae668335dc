const PATHS = {
  mic: 'M12 15a3 3 0 0 0 3-3V6.5a3 3 0 0 0-6 0V12a3 3 0 0 0 3 3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3',
  muted: 'M15 10V6.5a3 3 0 0 0-5.7-1.3M9 9v3a3 3 0 0 0 4.6 2.5M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3M18.4 12.3l.1-.8M12 18v3M4 4l16 16',
  clip: 'm20 11-8.6 8.6a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 4.8 4.8l-8.6 8.5a1.7 1.7 0 0 1-2.4-2.4L14.5 7',
  camera: 'M4 8h3l2-3h6l2 3h3v11H4ZM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z',
  film: 'M3.5 7h11v10h-11ZM14.5 11l6-3.5v9l-6-3.5',
  screen: 'M3 5h18v11H3ZM8.5 20h7M12 16v4M12 13V8.5M9.8 10.5 12 8.3l2.2 2.2',
  keypad: 'M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01',
  send: 'M4 12h15M13 5.5l6.5 6.5-6.5 6.5',
  call: 'M6.5 4h3l1.4 4-2 1.4a11 11 0 0 0 5.2 5.2l1.4-2 4 1.4v3a2 2 0 0 1-2.2 2A16 16 0 0 1 4.5 6.2 2 2 0 0 1 6.5 4Z',
  leave: 'M3.5 14.5c5-5 12-5 17 0l-2.8 2.8-3.2-1.7v-2.3c-1.7-.5-3.3-.5-5 0v2.3l-3.2 1.7Z',
  aside: 'M4 5h16v11h-8l-5 4v-4H4ZM4 20 20 4',
  invite: 'M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM3 20c0-3.5 3-6 7-6s7 2.5 7 6M19 7v6M16 10h6',
  down: 'M12 5v14M6 13l6 6 6-6',
  page: 'M6 3h8l5 5v13H6ZM14 3v5h5M9.5 13h6M9.5 17h6',
  sound: 'M4 9.5v5h3.5l5 4v-13l-5 4ZM16 9a4.5 4.5 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11',
  silent: 'M4 9.5v5h3.5l5 4v-13l-5 4ZM16 9.5l5 5M21 9.5l-5 5',
  close: 'm6 6 12 12M18 6 6 18',
} as const;

/** A sign beside or instead of words that a button says aloud itself. */
export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
