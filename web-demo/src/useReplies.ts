import type { Room } from 'livekit-client';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { wantReplies } from './ask';
import type { Call } from './call';

/** How the caller wants to be answered. `text`: nothing sounds here, whatever the team knows of it yet. */
export interface Replies {
  text: boolean;
  want: (text: boolean) => void;
}

/** Asks the team for replies as they are wanted, until they come so: whoever takes the call next is asked, too. */
export function useReplies(room: Room | null, call: Call | null): Replies {
  const [text, want] = useState(false);
  const differs = call?.status === 'live' && call.reads !== text;
  const asked = useCallback(() => (room && differs ? wantReplies(room, text ? 'text' : 'speech') : undefined), [room, differs, text]);
  useEffect(() => {
    void asked();
  }, [asked, call?.state]);
  return useMemo(() => ({ text, want }), [text]);
}
