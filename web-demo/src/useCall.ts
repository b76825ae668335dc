import { Room } from 'livekit-client';
import { useCallback, useReducer, useRef, useState } from 'react';
import { next, start, type Call, type CallEvent } from './call';
import { microphoneAllowed, type Token } from './token';
import { listen, mute, send, watchForAgent } from './listen';
import { pressOn } from './ask';
import type { Press } from './pressing';
import { previewOf, showTo } from './show';
import { troubleOf, type Trouble } from './trouble';
import { Unheard } from './unheard';
import { useReplies, type Replies } from './useReplies';

export interface CallHandle {
  call: Call | null;
  room: Room | null;
  trouble: Trouble | null;
  /** `types`: without a microphone, and to read. */
  join: (name: string, deviceId: string, types?: boolean) => Promise<void>;
  leave: () => void;
  /** Whether it got through. */
  write: (text: string) => Promise<boolean>;
  show: (files: Iterable<File>) => void;
  muteAgent: (muted: boolean) => void;
  press: (ref: string, press: Press) => void;
  replies: Replies;
}

/** One call: joins with a token, and folds all that happens in the room. */
export function useCall(token: Token): CallHandle {
  const [call, dispatch] = useReducer(reduce, null);
  const [room, setRoom] = useState<Room | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const joining = useRef(false);
  const unheard = useRef(new Unheard());
  const previews = useRef<string[]>([]);
  const replies = useReplies(room, call);
  const { want } = replies;

  const join = useCallback(
    async (name: string, deviceId: string, types = false) => {
      if (joining.current) return;
      joining.current = true;
      setTrouble(null);
      const line = new Room({ adaptiveStream: true, audioCaptureDefaults: deviceId ? { deviceId } : {} });
      try {
        const joined = await token(name);
        if (!types) await microphoneAllowed(deviceId);
        dispatch('begin');
        want(types);
        previews.current.splice(0).forEach((preview) => URL.revokeObjectURL(preview)); // no line shows them any more
        unheard.current = new Unheard();
        listen(line, dispatch, unheard.current, previews.current);
        await line.connect(joined.url, joined.token);
        setRoom(line);
        dispatch({ type: 'waiting' });
        watchForAgent(line, dispatch);
        if (!types) await line.localParticipant.setMicrophoneEnabled(true, undefined, { preConnectBuffer: true });
      } catch (error) {
        dispatch('clear');
        setTrouble(troubleOf(error));
        await line.disconnect();
        setRoom(null);
      } finally {
        joining.current = false;
      }
    },
    [token, want],
  );

  const leave = useCallback(() => {
    void room?.disconnect();
    setRoom(null);
  }, [room]);

  const write = useCallback(
    async (text: string) => {
      if (!room) return false;
      unheard.current.wrote(text);
      try {
        await send(room, text);
        return true;
      } catch {
        unheard.current.taken(text); // it stays with the caller, who may send it again
        dispatch({ type: 'note', note: { what: 'notSent' } });
        return false;
      }
    },
    [room],
  );

  const show = useCallback(
    (files: Iterable<File>) => {
      for (const file of room ? files : []) {
        const preview = previewOf(file);
        if (preview) previews.current.push(preview);
        if (room) void showTo(room, file, preview, dispatch);
      }
    },
    [room],
  );
  const muteAgent = useCallback(
    (muted: boolean) => {
      if (room) mute(room, muted).catch(() => dispatch({ type: 'note', note: { what: 'notMuted' } }));
    },
    [room],
  );
  const press = useCallback(
    (ref: string, press: Press) => {
      if (room) void pressOn(room, ref, press, dispatch);
    },
    [room],
  );
  return { call, room, trouble, join, leave, write, show, press, muteAgent, replies };
}

function reduce(call: Call | null, event: CallEvent | 'begin' | 'clear'): Call | null {
  if (event === 'begin') return start;
  if (event === 'clear') return null;
  return call && next(call, event);
}
