import type { Room } from 'livekit-client';
import type { CallEvent } from './call';

export const TOPIC = 'baton.files';
export const MOST_BYTES = 20 * 1024 * 1024;

/** What a file chooser offers. Anything may be dropped or pasted: whether it can be looked at, the team says. */
export const ACCEPT = 'image/jpeg,image/png,image/webp,application/pdf,text/plain,text/markdown,text/csv,application/json,.md,.csv';

/** An address of the picture in this browser; empty for what is none. */
export function previewOf(file: File): string {
  return file.type.startsWith('image/') && file.size <= MOST_BYTES ? URL.createObjectURL(file) : '';
}

/** Sends a file to the room, and tells how it goes. What is too large is not even sent: it would take minutes for a refusal. */
export async function showTo(room: Room, file: File, preview: string, dispatch: (event: CallEvent) => void): Promise<void> {
  const id = crypto.randomUUID();
  dispatch({ type: 'file-chosen', id, name: file.name, preview });
  if (file.size > MOST_BYTES) {
    dispatch({ type: 'file-failed', id, why: 'tooLarge' });
    return;
  }
  try {
    const onProgress = (progress: number) => dispatch({ type: 'file-sending', id, progress });
    const sent = await room.localParticipant.sendFile(file, { topic: TOPIC, mimeType: file.type, onProgress });
    dispatch({ type: 'file-sent', id, stream: sent.id });
  } catch {
    dispatch({ type: 'file-failed', id, why: 'notSendable' });
  }
}
