import { next, start, type Call, type Line, type Told } from './call';
import { parseEvent, type JournalEvent } from './events';

const MOST = 1000;

/**
 * What has happened before somebody joined: JSON of a list of journal events. What cannot be read is left out, and so is
 * what has been `seen` already, as its JSON.
 */
export function parsePast(json: string, seen: ReadonlySet<string>): JournalEvent[] {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    return [];
  }
  const events = Array.isArray(given) ? given.slice(-MOST) : [];
  return events.flatMap((event) => {
    const told = JSON.stringify(event);
    return seen.has(told) ? [] : (parseEvent(told) ?? []);
  });
}

/** The call with its past before what this page has seen of it. */
export function withPast(call: Call, told: Told[]): Call {
  const past = told.reduce(take, start);
  const lines = past.lines.map((line): Line => ({ ...line, id: `past-${line.id}` }));
  return {
    ...call,
    agent: call.agent || past.agent,
    model: call.model || past.model,
    team: Object.keys(call.team).length > 0 ? call.team : past.team,
    plan: call.plan.length > 0 ? call.plan : past.plan,
    recorded: call.recorded || past.recorded,
    open: call.open || past.open,
    lines: [...lines, ...call.lines],
  };
}

/** What was said is in no caption any more. */
function take(call: Call, { event, who }: Told): Call {
  switch (event.type) {
    case 'user.said':
      return next(call, { type: 'caller-caption', id: `said-${call.lines.length}`, who, text: event.text });
    case 'agent.said': {
      const heard = next({ ...call, agent: event.agent }, { type: 'agent-caption', id: event.item, text: event.text, final: true });
      return { ...next(heard, { type: 'journal', event, who }), agent: call.agent };
    }
    default:
      return next(call, { type: 'journal', event, who });
  }
}
