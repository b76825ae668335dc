import { isCard, type Card } from './cards';
import { has, isText, listOf, mapOf, type Check } from './parse';

export interface PlanStep {
  wish: string;
  agent: string;
  state: 'open' | 'active' | 'done' | 'dropped';
}

/** The journal's events that the page shows, as they come on topic `baton.events`. Parsed where they enter. */
export type JournalEvent =
  | { type: 'call.started'; agent: string; model: string; linked?: string; agents: Record<string, string[]> }
  | { type: 'call.resumed'; agent: string; gap_ms: number }
  | { type: 'call.ended'; reason: string }
  | { type: 'call.warned'; code: string; detail: string; stream: string }
  | { type: 'person.came'; participant: string; name: string }
  | { type: 'person.left'; participant: string }
  | { type: 'agent.muted'; participant: string; muted: boolean }
  | { type: 'user.said'; participant: string; text: string }
  | { type: 'user.wrote'; participant: string; text: string }
  | { type: 'user.dialled'; participant: string; digits: string }
  | { type: 'user.showed'; ref: string; name: string; stream: string; pages: number; description: string }
  | { type: 'picture.described'; ref: string; by: string; description: string; failed: string }
  | { type: 'agent.said'; agent: string; text: string; item: string; interrupted: boolean; latency_ms: number | null }
  | { type: 'tool.called'; call_id: string; tool: string }
  | { type: 'tool.finished'; call_id: string; tool: string; failed: boolean }
  | { type: 'tool.progressed'; call_id: string; text: string }
  | { type: 'user.pressed'; ref: string; choice: string; values: Record<string, unknown> }
  | { type: 'replies.switched'; how: 'speech' | 'text' }
  | { type: 'card.shown'; call_id: string; ref: string; card: Card }
  | { type: 'card.closed'; ref: string }
  | { type: 'file.given'; stream: string; name: string; mime: string; bytes: number; words: string }
  | { type: 'task.done'; agent: string; task: string }
  | { type: 'plan.changed'; steps: PlanStep[] }
  | { type: 'handoff.done'; source: string; target: string }
  | { type: 'handoff.failed'; source: string; target: string }
  | { type: 'guard.blocked'; guard: string; place: string; action: string }
  | { type: 'cost.updated'; cost: number | null; total: number; currency: string }
  | { type: 'recording.started' }
  | { type: 'recording.stopped' }
  | { type: 'line.lost'; final: boolean }
  | { type: 'line.restored'; gap_ms: number }
  | { type: 'line.switched'; provider: string; model: string }
  | { type: 'watchdog.fired'; reason: string; action: string };

/** What a worker that is older than the page does not tell. */
const ABSENT: Partial<Record<JournalEvent['type'], object>> = {
  'call.started': { agents: {} },
  'call.warned': { stream: '' },
  'user.wrote': { participant: '' },
  'user.dialled': { participant: '' },
  'user.showed': { name: '', stream: '', pages: 0, description: '' },
  'picture.described': { by: '', description: '', failed: '' },
  'card.shown': { ref: '' },
};

const FIELDS: { [T in JournalEvent['type']]: Record<string, Check> } = {
  'call.started': { agent: 'string', model: 'string', agents: mapOf(listOf(isText)) },
  'call.resumed': { agent: 'string', gap_ms: 'number' },
  'call.ended': { reason: 'string' },
  'call.warned': { code: 'string', detail: 'string', stream: 'string' },
  'person.came': { participant: 'string', name: 'string' },
  'person.left': { participant: 'string' },
  'agent.muted': { participant: 'string', muted: 'boolean' },
  'user.said': { participant: 'string', text: 'string' },
  'user.wrote': { participant: 'string', text: 'string' },
  'user.dialled': { participant: 'string', digits: 'string' },
  'user.showed': { ref: 'string', name: 'string', stream: 'string', pages: 'number', description: 'string' },
  'picture.described': { ref: 'string', by: 'string', description: 'string', failed: 'string' },
  'agent.said': { agent: 'string', text: 'string', item: 'string', interrupted: 'boolean' },
  'tool.called': { call_id: 'string', tool: 'string' },
  'tool.finished': { call_id: 'string', tool: 'string', failed: 'boolean' },
  'tool.progressed': { call_id: 'string', text: 'string' },
  'user.pressed': { ref: 'string', choice: 'string', values: mapOf(() => true) },
  'replies.switched': { how: (how) => how === 'speech' || how === 'text' },
  'card.shown': { call_id: 'string', ref: 'string', card: isCard },
  'card.closed': { ref: 'string' },
  'file.given': { stream: 'string', name: 'string', mime: 'string', bytes: 'number', words: 'string' },
  'task.done': { agent: 'string', task: 'string' },
  'plan.changed': { steps: listOf(isStep) },
  'handoff.done': { source: 'string', target: 'string' },
  'handoff.failed': { source: 'string', target: 'string' },
  'guard.blocked': { guard: 'string', place: 'string', action: 'string' },
  'cost.updated': { cost: (cost) => cost === null || typeof cost === 'number', total: 'number', currency: 'string' },
  'recording.started': {},
  'recording.stopped': {},
  'line.lost': { final: 'boolean' },
  'line.restored': { gap_ms: 'number' },
  'line.switched': { provider: 'string', model: 'string' },
  'watchdog.fired': { reason: 'string', action: 'string' },
};

const STATES: readonly unknown[] = ['open', 'active', 'done', 'dropped'] satisfies PlanStep['state'][];

function isStep(value: unknown): boolean {
  return has(value, { wish: 'string', agent: 'string', state: (state) => STATES.includes(state) });
}

function isKnown(type: unknown): type is JournalEvent['type'] {
  return typeof type === 'string' && Object.hasOwn(FIELDS, type);
}

/** The types of all events that the page knows. */
export const KNOWN: readonly string[] = Object.keys(FIELDS);

/** A journal event; null for one that the page does not show, or cannot read. */
export function parseEvent(json: string): JournalEvent | null {
  let event: unknown;
  try {
    event = JSON.parse(json);
  } catch {
    return null;
  }
  if (typeof event !== 'object' || event === null || !('type' in event) || !isKnown(event.type)) return null;
  const whole = { ...ABSENT[event.type], ...event };
  return has(whole, FIELDS[event.type]) ? (whole as JournalEvent) : null;
}
