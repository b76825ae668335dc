import {
  ConnectionState,
  DisconnectReason,
  ParticipantKind,
  RoomEvent,
  type ByteStreamReader,
  type Participant,
  type Room,
  type TextStreamReader,
} from 'livekit-client';
import type { AgentState, CallEvent } from './call';
import { parseEvent } from './events';
import { parsePast } from './past';
import { identities, Names } from './people';
import { sourcesOf } from './film';
import { MOST_BYTES, safeType } from './given';
import type { Unheard } from './unheard';

const AGENT_COMES_MS = 10_000;
const KNOWN_MS = 3000;

/** Everything that happens in a room, as events of the page. Only an agent tells what happened: nobody else is believed. */
export function listen(room: Room, dispatch: (event: CallEvent) => void, unheard: Unheard, held: string[]): void {
  const names = new Names(
    () => room.localParticipant.identity,
    (identity) => room.remoteParticipants.get(identity)?.name ?? '',
  );
  let seen: Set<string> | null = new Set(); // until the past has come, which may hold it too
  const agents = new Set<string>(); // of those who are gone too: their last words may come after them
  const show = (participant: Participant) => {
    if (participant.kind !== ParticipantKind.AGENT) return;
    agents.add(participant.identity);
    const { 'lk.agent.state': told, 'baton.agent': agent, 'baton.muted': muted, 'baton.sees': sees } = participant.attributes;
    const state = told === 'idle' ? 'listening' : told; // it is muted
    dispatch({ type: 'muted', muted: muted === 'true' });
    if (isState(state)) dispatch({ type: 'agent', agent: agent ?? '', state });
    if (sees !== undefined) dispatch({ type: 'sees', sees: sourcesOf(sees) });
  };
  const away = () => dispatch({ type: 'away', at: performance.now() });
  room
    .on(RoomEvent.ParticipantAttributesChanged, (_, participant) => show(participant))
    .on(RoomEvent.ParticipantConnected, show)
    .on(RoomEvent.Connected, () => room.remoteParticipants.forEach(show)) // who comes late finds an agent there
    .on(RoomEvent.SignalReconnecting, away)
    .on(RoomEvent.Reconnecting, away)
    .on(RoomEvent.Reconnected, () => dispatch({ type: 'back', at: performance.now() }))
    .on(RoomEvent.ParticipantDisconnected, (participant) => {
      if (participant.kind !== ParticipantKind.AGENT || agentIn(room)) return;
      dispatch({ type: 'agent-left' });
      watchForAgent(room, dispatch);
    })
    .on(RoomEvent.Disconnected, (reason) => {
      dispatch({ type: 'ended', ending: { why: reason === DisconnectReason.CLIENT_INITIATED ? 'youLeft' : 'connectionLost' } });
    });
  const take = (topic: string, read: (reader: TextStreamReader, identity: string) => Promise<void>) =>
    room.registerTextStreamHandler(topic, (reader, { identity }) => {
      read(reader, identity).catch(() => undefined); // the room closed in the middle of a text: the call is over anyway
    });
  take('lk.transcription', async (reader, identity) => {
    const id = reader.info.attributes?.['lk.segment_id'] ?? reader.info.id;
    if (!(await isAgent(room, agents, identity))) {
      const also = identities(reader.info.attributes?.['baton.together_with']).map((one) => names.of(one));
      dispatch({ type: 'caller-caption', id, who: names.of(identity), also, text: await reader.readAll() });
      return;
    }
    let text = '';
    for await (const piece of reader) {
      text += piece;
      dispatch({ type: 'agent-caption', id, text, final: false });
    }
    if (text) dispatch({ type: 'agent-caption', id, text, final: true });
  });
  room.registerByteStreamHandler('baton.files', (reader, { identity }) => {
    receive(reader, () => isAgent(room, agents, identity), held, dispatch).catch(() => undefined); // it broke off
  });
  take('baton.events', async (reader, identity) => {
    const json = (await isAgent(room, agents, identity)) ? await reader.readAll() : '';
    const event = parseEvent(json);
    seen?.add(json);
    if (event) names.learn(event);
    if (event?.type === 'user.wrote') unheard.taken(event.text);
    if (event) dispatch({ type: 'journal', event, who: names.whose(event) });
    if (event?.type === 'call.resumed') for (const text of unheard.all) await send(room, text);
  });
  take('baton.past', async (reader, identity) => {
    if (!(await isAgent(room, agents, identity))) return;
    const events = parsePast(await reader.readAll(), seen ?? new Set());
    seen = null;
    events.forEach((event) => names.learn(event));
    dispatch({ type: 'past', told: events.map((event) => ({ event, who: names.whose(event) })) });
  });
}

/** A file of the team's. `held` gets the address under which this browser keeps it. */
async function receive(
  reader: ByteStreamReader,
  isOfAgent: () => Promise<boolean>,
  held: string[],
  dispatch: (event: CallEvent) => void,
): Promise<void> {
  const { id, mimeType, size } = reader.info;
  if (!(await isOfAgent()) || (size ?? 0) > MOST_BYTES) return;
  const parts = (await reader.readAll()).map((part) => new Uint8Array(part));
  const url = URL.createObjectURL(new Blob(parts, { type: safeType(mimeType) }));
  held.push(url);
  dispatch({ type: 'file-arrived', stream: id, url });
}

/** Words may be faster than the news of who has come: somebody unknown is waited for before they are not believed. */
async function isAgent(room: Room, agents: ReadonlySet<string>, identity: string): Promise<boolean> {
  if (identity !== room.localParticipant.identity && !room.remoteParticipants.has(identity) && !agents.has(identity))
    await new Promise<void>((known) => {
      const timer = setTimeout(done, KNOWN_MS);
      function come(participant: Participant): void {
        if (participant.identity === identity) done();
      }
      function done(): void {
        clearTimeout(timer);
        room.off(RoomEvent.ParticipantConnected, come);
        known();
      }
      room.on(RoomEvent.ParticipantConnected, come);
    });
  return agents.has(identity);
}

export function send(room: Room, text: string): Promise<unknown> {
  return room.localParticipant.sendText(text, { topic: 'lk.chat' });
}

/** Rejects when the agent does not take it. */
export async function mute(room: Room, muted: boolean): Promise<void> {
  const destinationIdentity = agentIn(room)?.identity ?? '';
  await room.localParticipant.performRpc({ destinationIdentity, method: 'baton.mute', payload: JSON.stringify({ muted }) });
}

function agentIn(room: Room): Participant | undefined {
  return [...room.remoteParticipants.values()].find((one) => one.kind === ParticipantKind.AGENT);
}

export function watchForAgent(room: Room, dispatch: (event: CallEvent) => void): void {
  setTimeout(() => {
    if (!agentIn(room) && room.state === ConnectionState.Connected) dispatch({ type: 'note', note: { what: 'nobodyYet' } });
  }, AGENT_COMES_MS);
}

function isState(state: string | undefined): state is AgentState {
  return state === 'initializing' || state === 'listening' || state === 'thinking' || state === 'speaking';
}
