import { ParticipantKind, RpcError, type Room } from 'livekit-client';
import type { CallEvent } from './call';
import type { Press } from './pressing';

const REFUSED = 1; // whoever refuses so has a sentence for the caller
const ANSWERS_MS = 8000;

/** Presses on a card of the team's, and tells how it goes. */
export async function pressOn(room: Room, ref: string, press: Press, dispatch: (event: CallEvent) => void): Promise<void> {
  dispatch({ type: 'press-sent', ref });
  try {
    await ask(room, 'baton.press', { card: ref, ...press });
  } catch (error) {
    const why = error instanceof RpcError && error.code === REFUSED ? { code: '', text: error.message } : ({ ours: 'notTaken' } as const);
    dispatch({ type: 'press-refused', ref, why });
  }
}

/** Wants replies as text, or as speech; whether that is so now, the team's journal tells. */
export async function wantReplies(room: Room, how: 'speech' | 'text'): Promise<void> {
  await ask(room, 'baton.replies', { how }).catch(() => undefined); // nobody is there yet: it is asked for again
}

async function ask(room: Room, method: string, payload: object): Promise<void> {
  const agents = [...room.remoteParticipants.values()].filter((one) => one.kind === ParticipantKind.AGENT);
  const agent = agents.at(-1); // after a crash, the one before may still seem to be there
  if (!agent) throw new Error('nobody to ask');
  await room.localParticipant.performRpc({
    destinationIdentity: agent.identity,
    method,
    payload: JSON.stringify(payload),
    responseTimeout: ANSWERS_MS,
  });
}
