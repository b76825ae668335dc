import type { Card, JournalEvent, PlanStep } from './events';

export type AgentState = 'initializing' | 'listening' | 'thinking' | 'speaking';

export type Line =
  | { kind: 'agent'; id: string; agent: string; text: string; final: boolean; interrupted: boolean; latencyMs: number | null }
  | { kind: 'caller'; id: string; text: string; typed: boolean }
  | { kind: 'handoff'; id: string; source: string; target: string; done: boolean }
  | { kind: 'tool'; id: string; tool: string; state: 'running' | 'done' | 'failed'; progress: string }
  | { kind: 'task'; id: string; task: string }
  | { kind: 'card'; id: string; card: Card; chosen: string }
  | { kind: 'note'; id: string; text: string };

export type Status = 'joining' | 'waiting' | 'live' | 'reconnecting' | 'ended';

export interface Call {
  status: Status;
  agent: string;
  state: AgentState;
  model: string;
  plan: PlanStep[];
  lines: Line[];
  endedBecause: string;
  recorded: boolean;
}

export type CallEvent =
  | { type: 'connection'; status: Status; because?: string }
  | { type: 'agent'; agent: string; state: AgentState }
  | { type: 'agent-left' }
  | { type: 'agent-caption'; id: string; text: string; final: boolean }
  | { type: 'caller-caption'; id: string; text: string }
  | { type: 'note'; text: string }
  | { type: 'journal'; event: JournalEvent };

export const start: Call = { status: 'joining', agent: '', state: 'initializing', model: '', plan: [], lines: [], endedBecause: '', recorded: false };

/** The whole page is a fold of events: no component keeps its own copy. */
export function next(call: Call, event: CallEvent): Call {
  switch (event.type) {
    case 'connection':
      return call.status === 'ended' ? call : { ...call, status: event.status, endedBecause: event.because ?? call.endedBecause };
    case 'agent': {
      const status = call.status === 'joining' || call.status === 'waiting' ? 'live' : call.status;
      return { ...call, status, agent: event.agent || call.agent, state: event.state };
    }
    case 'agent-left': // a call that is over has said so
      return call.status === 'ended'
        ? call
        : { ...note(call, 'The agent is gone. Another one is being found.'), status: 'waiting', state: 'initializing' };
    case 'agent-caption':
      return { ...call, lines: withCaption(call, event) };
    case 'caller-caption':
      return add(call, { kind: 'caller', id: event.id, text: event.text, typed: false });
    case 'note':
      return note(call, event.text);
    case 'journal':
      return nextOfJournal(call, event.event);
    default:
      return event satisfies never;
  }
}

function nextOfJournal(call: Call, event: JournalEvent): Call {
  switch (event.type) {
    case 'call.started':
      return { ...call, agent: event.agent, model: event.model };
    case 'call.resumed': {
      const told = note(call, `For about ${(event.gap_ms / 1000).toFixed(1)} s nobody could hear you. The call goes on from there.`);
      return { ...told, agent: event.agent };
    }
    case 'call.ended':
      return { ...call, status: 'ended', endedBecause: event.reason, recorded: false };
    case 'call.warned':
      return note(call, event.detail);
    case 'user.wrote': {
      const chosen = { ...call, lines: withChoice(call.lines, event.text) };
      return add(chosen, { kind: 'caller', id: fresh(call), text: event.text, typed: true });
    }
    case 'agent.said':
      return { ...call, lines: withVerdict(call.lines, event) };
    case 'tool.called':
      return add(call, { kind: 'tool', id: event.call_id, tool: event.tool, state: 'running', progress: '' });
    case 'tool.progressed':
      return {
        ...call,
        lines: call.lines.map((line) => (line.kind === 'tool' && line.id === event.call_id ? { ...line, progress: event.text } : line)),
      };
    case 'tool.finished':
      return {
        ...call,
        lines: call.lines.map((line) =>
          line.kind === 'tool' && line.id === event.call_id ? { ...line, state: event.failed ? 'failed' : 'done' } : line,
        ),
      };
    case 'card.shown':
      return add(call, { kind: 'card', id: fresh(call), card: event.card, chosen: '' });
    case 'task.done':
      return add(call, { kind: 'task', id: `${event.agent}-${event.task}`, task: event.task });
    case 'plan.changed':
      return { ...call, plan: event.steps };
    case 'handoff.done':
      return { ...add(call, { kind: 'handoff', id: fresh(call), source: event.source, target: event.target, done: true }), agent: event.target };
    case 'handoff.failed':
      return add(call, { kind: 'handoff', id: fresh(call), source: event.source, target: event.target, done: false });
    case 'recording.started':
      return { ...call, recorded: true };
    case 'recording.stopped':
      return { ...call, recorded: false };
    case 'line.lost':
      return note(call, event.final ? 'No model can be reached.' : 'The line to the model is down. It is being restored.');
    case 'line.restored':
      return note(call, `The line is back after ${(event.gap_ms / 1000).toFixed(1)} s.`);
    case 'watchdog.fired':
      return note(call, `No reply came (${event.reason}).`);
    default:
      return event satisfies never;
  }
}

function withCaption(call: Call, { id, text, final }: { id: string; text: string; final: boolean }): Line[] {
  const known = call.lines.some((line) => line.kind === 'agent' && line.id === id);
  if (!known) {
    const line: Line = { kind: 'agent', agent: call.agent, interrupted: false, latencyMs: null, id, text, final };
    return [...call.lines, line];
  }
  return call.lines.map((line) => (line.kind === 'agent' && line.id === id ? { ...line, text, final } : line));
}

/** What became of a message. Its caption may have run ahead of what was heard: the journal knows better. */
function withVerdict(lines: Line[], said: Extract<JournalEvent, { type: 'agent.said' }>): Line[] {
  return lines.map((line) =>
    line.kind === 'agent' && line.id === said.item
      ? { ...line, agent: said.agent, text: said.text, interrupted: said.interrupted, latencyMs: said.latency_ms, final: true }
      : line,
  );
}

/** What the caller wrote may be a choice of a card that is still open; the latest one counts. */
function withChoice(lines: Line[], text: string): Line[] {
  const at = lines.findLastIndex((line) => line.kind === 'card' && line.chosen === '' && line.card.choices.includes(text));
  return lines.map((line, place) => (place === at && line.kind === 'card' ? { ...line, chosen: text } : line));
}

function add(call: Call, line: Line): Call {
  return call.lines.some((known) => known.kind === line.kind && known.id === line.id) ? call : { ...call, lines: [...call.lines, line] };
}

function note(call: Call, text: string): Call {
  return add(call, { kind: 'note', id: fresh(call), text });
}

function fresh(call: Call): string {
  return `line-${call.lines.length}`;
}
