/** The journal's events that the page shows, as they come on topic `baton.events`. Parsed where they enter. */
export type JournalEvent =
  | { type: 'call.started'; agent: string; model: string }
  | { type: 'call.ended'; reason: string }
  | { type: 'call.warned'; code: string; detail: string }
  | { type: 'user.wrote'; text: string }
  | { type: 'agent.said'; agent: string; text: string; interrupted: boolean; latency_ms: number | null }
  | { type: 'tool.called'; call_id: string; tool: string }
  | { type: 'tool.finished'; call_id: string; tool: string; failed: boolean }
  | { type: 'handoff.done'; source: string; target: string }
  | { type: 'handoff.failed'; source: string; target: string }
  | { type: 'line.lost' }
  | { type: 'line.restored'; gap_ms: number }
  | { type: 'watchdog.fired'; reason: string; action: string };

const FIELDS: { [T in JournalEvent['type']]: Record<string, 'string' | 'number' | 'boolean'> } = {
  'call.started': { agent: 'string', model: 'string' },
  'call.ended': { reason: 'string' },
  'call.warned': { code: 'string', detail: 'string' },
  'user.wrote': { text: 'string' },
  'agent.said': { agent: 'string', text: 'string', interrupted: 'boolean' },
  'tool.called': { call_id: 'string', tool: 'string' },
  'tool.finished': { call_id: 'string', tool: 'string', failed: 'boolean' },
  'handoff.done': { source: 'string', target: 'string' },
  'handoff.failed': { source: 'string', target: 'string' },
  'line.lost': {},
  'line.restored': { gap_ms: 'number' },
  'watchdog.fired': { reason: 'string', action: 'string' },
};

function isKnown(type: unknown): type is JournalEvent['type'] {
  return typeof type === 'string' && type in FIELDS;
}

/** A journal event; null for one that the page does not show, or cannot read. */
export function parseEvent(json: string): JournalEvent | null {
  let event: unknown;
  try {
    event = JSON.parse(json);
  } catch {
    return null;
  }
  if (typeof event !== 'object' || event === null || !('type' in event) || !isKnown(event.type)) return null;
  const fields = new Map(Object.entries(event));
  const fits = Object.entries(FIELDS[event.type]).every(([key, kind]) => typeof fields.get(key) === kind);
  return fits ? (event as JournalEvent) : null;
}
