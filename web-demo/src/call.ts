import { withPast } from './past';
import { withDescription, withFate, withShown, withStream, type FileLine, type FileSent } from './shownFiles';
import type { JournalEvent, PlanStep } from './events';
import { withBytes, withGiven, type GivenLine } from './given';
import { told, withAnswer, withClosed, withPress, type CardLine, type CardSent } from './pressing';

/** What of the caller an agent may look at all the time. */
export type Source = 'camera' | 'screen';

export type AgentState = 'initializing' | 'listening' | 'thinking' | 'speaking';

/** Something that happened, in no language: the page says it in the reader's. */
export type Note =
  | { what: 'nobodyYet' | 'agentGone' | 'lineLost' | 'unreachable' | 'notSent' | 'notMuted' }
  | { what: 'lineRestored' | 'connectionBack' | 'resumed'; ms: number }
  | { what: 'joined' | 'left' | 'mutedBy' | 'unmutedBy'; who: string }
  | { what: 'noReply'; reason: string; step: string }
  | { what: 'heldBack'; guard: string }
  | { what: 'warned'; code: string; text: string; stream: string };

export type Line =
  | { kind: 'agent'; id: string; agent: string; text: string; final: boolean; interrupted: boolean; latencyMs: number | null; cost: number | null }
  | { kind: 'caller'; id: string; who: string; also?: string[]; text: string; how: 'spoken' | 'typed' | 'dialled' | 'chosen' }
  | { kind: 'handoff'; id: string; source: string; target: string; done: boolean }
  | { kind: 'tool'; id: string; tool: string; state: 'running' | 'done' | 'failed'; progress: string }
  | { kind: 'task'; id: string; task: string }
  | CardLine
  | GivenLine
  | { kind: 'note'; id: string; note: Note }
  | FileLine;

export type Status = 'joining' | 'waiting' | 'live' | 'ended';

/** Why a call is over: what the page knows itself, or the words of the team. */
export type Ending = { why: 'youLeft' | 'connectionLost' } | { why: 'said'; text: string };

export interface Spent {
  total: number;
  currency: string;
  /** Of the turn that goes on, as long as no reply to it is there to put it on. */
  unplaced: number;
}

export interface Call {
  status: Status;
  /** Page time in ms; null while connected. */
  awaySince: number | null;
  agent: string;
  state: AgentState;
  /** What of the caller whoever has the call looks at. */
  sees: readonly Source[];
  model: string;
  /** Who may speak, and to whom each hands over. */
  team: Record<string, string[]>;
  plan: PlanStep[];
  lines: Line[];
  ending: Ending | null;
  recorded: boolean;
  /** Others may join, and are heard. */
  open: boolean;
  /** People talk among themselves: the agent neither hears nor speaks. */
  muted: boolean;
  spent: Spent | null;
  /** Replies come as text, and nothing sounds. */
  reads: boolean;
  /** Bytes of files that nobody has told of yet: where this browser has them, by stream. */
  arrived: Record<string, string>;
}

/** Something of the journal, and whose it is: empty for oneself. */
export interface Told {
  event: JournalEvent;
  who: string;
}

export type CallEvent =
  | { type: 'waiting' }
  | { type: 'away'; at: number }
  | { type: 'back'; at: number }
  | { type: 'ended'; ending: Ending }
  | { type: 'agent'; agent: string; state: AgentState }
  | { type: 'sees'; sees: readonly Source[] }
  | { type: 'agent-left' }
  | { type: 'agent-caption'; id: string; text: string; final: boolean }
  | { type: 'caller-caption'; id: string; who: string; also?: string[]; text: string }
  | { type: 'muted'; muted: boolean }
  | { type: 'past'; told: Told[] }
  | { type: 'note'; note: Note }
  | FileSent
  | CardSent
  | { type: 'file-arrived'; stream: string; url: string }
  | { type: 'journal'; event: JournalEvent; who?: string };

export const start: Call = {
  status: 'joining',
  awaySince: null,
  agent: '',
  state: 'initializing',
  sees: [],
  model: '',
  team: {},
  plan: [],
  lines: [],
  ending: null,
  recorded: false,
  open: false,
  muted: false,
  spent: null,
  reads: false,
  arrived: {},
};

/** The whole page is a fold of events: no component keeps its own copy. */
export function next(call: Call, event: CallEvent): Call {
  switch (event.type) {
    case 'waiting':
      return call.status === 'joining' ? { ...call, status: 'waiting' } : call;
    case 'away':
      return call.status === 'ended' ? call : { ...call, awaySince: call.awaySince ?? event.at };
    case 'back':
      if (call.awaySince === null) return call;
      return note({ ...call, awaySince: null }, { what: 'connectionBack', ms: event.at - call.awaySince });
    case 'ended':
      return call.status === 'ended' ? call : { ...call, status: 'ended', awaySince: null, ending: event.ending, recorded: false };
    case 'agent': {
      const status = call.status === 'ended' ? call.status : 'live';
      return { ...call, status, agent: event.agent || call.agent, state: event.state };
    }
    case 'sees':
      return event.sees.join() === call.sees.join() ? call : { ...call, sees: event.sees };
    case 'agent-left': // a call that is over has said so
      return call.status === 'ended'
        ? call
        : { ...note(call, { what: 'agentGone' }), status: 'waiting', state: 'initializing' };
    case 'agent-caption':
      return withCaption(call, event);
    case 'caller-caption':
      return add(call, { kind: 'caller', id: event.id, who: event.who, ...(event.also?.length ? { also: event.also } : {}), text: event.text, how: 'spoken' });
    case 'muted':
      return { ...call, muted: event.muted };
    case 'past':
      return withPast(call, event.told);
    case 'note':
      return note(call, event.note);
    case 'file-chosen':
    case 'file-sending':
    case 'file-sent':
    case 'file-failed':
      return { ...call, lines: withFate(call.lines, event) };
    case 'press-sent':
    case 'press-refused':
      return { ...call, lines: withPress(call.lines, event) };
    case 'file-arrived': {
      const lines = withBytes(call.lines, event.stream, event.url);
      return lines ? { ...call, lines } : { ...call, arrived: { ...call.arrived, [event.stream]: event.url } };
    }
    case 'journal':
      return nextOfJournal(call, event.event, event.who ?? '');
    default:
      return event satisfies never;
  }
}

function nextOfJournal(call: Call, event: JournalEvent, who: string): Call {
  switch (event.type) {
    case 'call.started':
      return { ...call, agent: event.agent, model: event.model, team: event.agents, open: event.linked === 'all' };
    case 'call.resumed':
      return { ...note(call, { what: 'resumed', ms: event.gap_ms }), agent: event.agent };
    case 'call.ended':
      return next(call, { type: 'ended', ending: { why: 'said', text: event.reason } });
    case 'call.warned': {
      const refused = withStream(call.lines, event.stream, (line) => ({ ...line, state: 'refused', why: { code: event.code, text: event.detail } }));
      return refused ? { ...call, lines: refused } : note(call, { what: 'warned', code: event.code, text: event.detail, stream: event.stream });
    }
    case 'person.came':
      return who ? note(call, { what: 'joined', who }) : call;
    case 'person.left':
      return who ? note(call, { what: 'left', who }) : call;
    case 'agent.muted':
      return note({ ...call, muted: event.muted }, { what: event.muted ? 'mutedBy' : 'unmutedBy', who });
    case 'user.said': // its caption has told it
      return call;
    case 'user.wrote':
      return add(call, { kind: 'caller', id: fresh(call), who, text: event.text, how: 'typed' });
    case 'user.pressed': {
      const answered = { ...call, lines: withAnswer(call.lines, event) };
      return add(answered, { kind: 'caller', id: fresh(call), who, text: told(call.lines, event), how: 'chosen' });
    }
    case 'replies.switched':
      return { ...call, reads: event.how === 'text' };
    case 'user.dialled':
      return add(call, { kind: 'caller', id: fresh(call), who, text: event.digits, how: 'dialled' });
    case 'user.showed':
      return { ...call, lines: withShown(call.lines, event) };
    case 'picture.described':
      return { ...call, lines: withDescription(call.lines, event) };
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
      return add(call, { kind: 'card', id: event.ref || fresh(call), ref: event.ref, card: event.card, state: 'open', chosen: '', refused: null });
    case 'card.closed':
      return { ...call, lines: withClosed(call.lines, event.ref) };
    case 'file.given':
      return { ...call, lines: withGiven(call.lines, event, call.arrived[event.stream] ?? '') };
    case 'task.done':
      return add(call, { kind: 'task', id: `${event.agent}-${event.task}`, task: event.task });
    case 'plan.changed':
      return { ...call, plan: event.steps };
    case 'handoff.done':
      return { ...add(call, { kind: 'handoff', id: fresh(call), source: event.source, target: event.target, done: true }), agent: event.target };
    case 'handoff.failed':
      return add(call, { kind: 'handoff', id: fresh(call), source: event.source, target: event.target, done: false });
    case 'guard.blocked':
      return event.place === 'output' && event.action === 'block' ? note(call, { what: 'heldBack', guard: event.guard }) : call;
    case 'cost.updated':
      return withCost(call, event);
    case 'recording.started':
      return { ...call, recorded: true };
    case 'recording.stopped':
      return { ...call, recorded: false };
    case 'line.lost':
      return note(call, { what: event.final ? 'unreachable' : 'lineLost' });
    case 'line.restored':
      return note(call, { what: 'lineRestored', ms: event.gap_ms });
    case 'line.switched':
      return { ...call, model: event.provider };
    case 'watchdog.fired':
      return note(call, { what: 'noReply', reason: event.reason, step: event.action });
    default:
      return event satisfies never;
  }
}

function withCaption(call: Call, { id, text, final }: { id: string; text: string; final: boolean }): Call {
  if (call.lines.some((line) => line.kind === 'agent' && line.id === id))
    return { ...call, lines: call.lines.map((line) => (line.kind === 'agent' && line.id === id ? { ...line, text, final } : line)) };
  const cost = call.spent?.unplaced ? call.spent.unplaced : null;
  const line: Line = { kind: 'agent', agent: call.agent, interrupted: false, latencyMs: null, cost, id, text, final };
  return { ...call, lines: [...call.lines, line], spent: call.spent && { ...call.spent, unplaced: 0 } };
}

/** What became of a message. Its caption may have run ahead of what was heard: the journal knows better. */
function withVerdict(lines: Line[], said: Extract<JournalEvent, { type: 'agent.said' }>): Line[] {
  return lines.map((line) =>
    line.kind === 'agent' && line.id === said.item
      ? { ...line, agent: said.agent, text: said.text, interrupted: said.interrupted, latencyMs: said.latency_ms, final: true }
      : line,
  );
}

/** A turn costs what is used up until the next one begins; it is told beside the last reply to it. */
function withCost(call: Call, { cost, total, currency }: Extract<JournalEvent, { type: 'cost.updated' }>): Call {
  const at = call.lines.findLastIndex((line) => line.kind === 'agent' || line.kind === 'caller');
  const reply = call.lines[at];
  if (reply?.kind !== 'agent') return { ...call, spent: { total, currency, unplaced: (call.spent?.unplaced ?? 0) + (cost ?? 0) } };
  const lines = call.lines.with(at, { ...reply, cost: cost === null ? reply.cost : (reply.cost ?? 0) + cost });
  return { ...call, lines, spent: { total, currency, unplaced: 0 } };
}

function add(call: Call, line: Line): Call {
  return call.lines.some((known) => known.kind === line.kind && known.id === line.id) ? call : { ...call, lines: [...call.lines, line] };
}

function note(call: Call, note: Note): Call {
  return add(call, { kind: 'note', id: fresh(call), note });
}

function fresh(call: Call): string {
  return `line-${call.lines.length}`;
}
