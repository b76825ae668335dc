import { ConnectionState, DisconnectReason, ParticipantKind, Room, RoomEvent, type Participant, type TextStreamReader } from 'livekit-client';
import { useCallback, useReducer, useRef, useState } from 'react';
import { next, start, type AgentState, type Call, type CallEvent } from './call';
import { parseEvent } from './events';
import { Unheard } from './unheard';

const AGENT_COMES_MS = 10_000;

export interface Trouble {
  what: string;
  remedy: string;
}

interface Joined {
  url: string;
  token: string;
}

export interface CallHandle {
  call: Call | null;
  room: Room | null;
  trouble: Trouble | null;
  join: (name: string, deviceId: string) => Promise<void>;
  leave: () => void;
  write: (text: string) => void;
}

/** One call: joins by the front desk, and folds all that happens in the room. */
export function useCall(): CallHandle {
  const [call, dispatch] = useReducer(reduce, null);
  const [room, setRoom] = useState<Room | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const joining = useRef(false);
  const unheard = useRef(new Unheard());

  const join = useCallback(async (name: string, deviceId: string) => {
    if (joining.current) return;
    joining.current = true;
    setTrouble(null);
    const line = new Room({ adaptiveStream: true, audioCaptureDefaults: deviceId ? { deviceId } : {} });
    try {
      const joined = await askToJoin(name);
      await microphoneAllowed(deviceId);
      dispatch('begin');
      unheard.current = new Unheard();
      listen(line, dispatch, unheard.current);
      await line.connect(joined.url, joined.token);
      setRoom(line);
      dispatch({ type: 'connection', status: 'waiting' });
      watchForAgent(line, dispatch);
      await line.localParticipant.setMicrophoneEnabled(true, undefined, { preConnectBuffer: true });
    } catch (error) {
      dispatch('clear');
      setTrouble(explain(error));
      await line.disconnect();
      setRoom(null);
    } finally {
      joining.current = false;
    }
  }, []);

  const leave = useCallback(() => {
    void room?.disconnect();
    setRoom(null);
  }, [room]);

  const write = useCallback(
    (text: string) => {
      if (!room) return;
      unheard.current.wrote(text);
      void send(room, text);
    },
    [room],
  );
  return { call, room, trouble, join, leave, write };
}

function reduce(call: Call | null, event: CallEvent | 'begin' | 'clear'): Call | null {
  if (event === 'begin') return start;
  if (event === 'clear') return null;
  return call && next(call, event);
}

function send(room: Room, text: string): Promise<unknown> {
  return room.localParticipant.sendText(text, { topic: 'lk.chat' });
}

function listen(room: Room, dispatch: (event: CallEvent) => void, unheard: Unheard): void {
  const show = (participant: Participant) => {
    if (participant.kind !== ParticipantKind.AGENT) return;
    const { 'lk.agent.state': state, 'baton.agent': agent } = participant.attributes;
    if (isState(state)) dispatch({ type: 'agent', agent: agent ?? '', state });
  };
  room
    .on(RoomEvent.ParticipantAttributesChanged, (_, participant) => show(participant))
    .on(RoomEvent.ParticipantConnected, show)
    .on(RoomEvent.Reconnecting, () => dispatch({ type: 'connection', status: 'reconnecting' }))
    .on(RoomEvent.Reconnected, () => dispatch({ type: 'connection', status: 'live' }))
    .on(RoomEvent.ParticipantDisconnected, (participant) => {
      if (participant.kind !== ParticipantKind.AGENT || agentIn(room)) return;
      dispatch({ type: 'agent-left' });
      watchForAgent(room, dispatch);
    })
    .on(RoomEvent.Disconnected, (reason) => {
      const because = reason === DisconnectReason.CLIENT_INITIATED ? 'You left the call.' : 'The connection was lost.';
      dispatch({ type: 'connection', status: 'ended', because });
    });
  const take = (topic: string, read: (reader: TextStreamReader, identity: string) => Promise<void>) =>
    room.registerTextStreamHandler(topic, (reader, { identity }) => {
      read(reader, identity).catch(() => undefined); // the room closed in the middle of a text: the call is over anyway
    });
  take('lk.transcription', async (reader, identity) => {
    const id = reader.info.attributes?.['lk.segment_id'] ?? reader.info.id;
    if (identity === room.localParticipant.identity) {
      dispatch({ type: 'caller-caption', id, text: await reader.readAll() });
      return;
    }
    let text = '';
    for await (const piece of reader) {
      text += piece;
      dispatch({ type: 'agent-caption', id, text, final: false });
    }
    if (text) dispatch({ type: 'agent-caption', id, text, final: true });
  });
  take('baton.events', async (reader) => {
    const event = parseEvent(await reader.readAll());
    if (event?.type === 'user.wrote') unheard.taken(event.text);
    if (event) dispatch({ type: 'journal', event });
    if (event?.type === 'call.resumed') for (const text of unheard.all) await send(room, text);
  });
}

function agentIn(room: Room): boolean {
  return [...room.remoteParticipants.values()].some((one) => one.kind === ParticipantKind.AGENT);
}

function watchForAgent(room: Room, dispatch: (event: CallEvent) => void): void {
  setTimeout(() => {
    if (!agentIn(room) && room.state === ConnectionState.Connected)
      dispatch({ type: 'note', text: 'Nobody has answered yet. You keep your place; it is tried again by itself.' });
  }, AGENT_COMES_MS);
}

function isState(state: string | undefined): state is AgentState {
  return state === 'initializing' || state === 'listening' || state === 'thinking' || state === 'speaking';
}

class Refused extends Error {
  constructor(
    readonly what: string,
    readonly remedy: string,
  ) {
    super(what);
  }
}

async function askToJoin(name: string): Promise<Joined> {
  const response = await fetch('/api/join', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name }),
  }).catch(() => {
    throw new Refused('The server is away.', 'Check that Baton is running, then try again.');
  });
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === 'object' && body !== null) {
    if ('url' in body && 'token' in body && typeof body.url === 'string' && typeof body.token === 'string')
      return { url: body.url, token: body.token };
    if ('error' in body && 'hint' in body) throw new Refused(String(body.error), String(body.hint));
  }
  throw new Refused(`The front desk answered ${response.status}.`, 'Try again in a moment.');
}

/** Asks for the microphone before anybody is called: a refusal is told while nothing has begun. */
async function microphoneAllowed(deviceId: string): Promise<void> {
  if (!('mediaDevices' in navigator))
    throw new Refused('This page may not use a microphone.', 'Open it by https, or on this machine as localhost.');
  const audio = deviceId ? { deviceId: { exact: deviceId } } : true;
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  stream.getTracks().forEach((track) => track.stop());
}

function explain(error: unknown): Trouble {
  if (error instanceof Refused) return { what: error.what, remedy: error.remedy };
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError')
    return {
      what: 'The microphone was refused.',
      remedy: 'Allow it in the browser’s address bar (the lock or microphone sign), then call again.',
    };
  if (name === 'NotFoundError' || name === 'OverconstrainedError')
    return { what: 'No microphone was found.', remedy: 'Plug one in, or choose another, then call again.' };
  if (name === 'NotReadableError')
    return { what: 'The microphone is in use elsewhere.', remedy: 'Close the other program, then call again.' };
  return { what: 'The call could not be connected.', remedy: 'The media server may be away. Try again in a moment.' };
}
