import type { Call } from './call';

const STATES = {
  joining: 'Connecting',
  waiting: 'Ringing',
  reconnecting: 'Connection lost, reconnecting',
  ended: 'Call ended',
} as const;

const DOING = { initializing: 'Connecting', listening: 'Listening', thinking: 'Thinking', speaking: 'Speaking' } as const;

/** Who has the call, and what they are doing. */
export function Presence({ call }: { call: Call }) {
  const live = call.status === 'live';
  return (
    <div className={`presence ${live ? call.state : call.status}`} role="status">
      <span className="pulse" aria-hidden="true" />
      {live && call.agent && <strong>{call.agent}</strong>}
      <span>{call.status === 'live' ? DOING[call.state] : STATES[call.status]}</span>
    </div>
  );
}
