import { useLocalParticipant, useMediaDeviceSelect, useTrackVolume } from '@livekit/components-react';
import type { LocalAudioTrack } from 'livekit-client';
import { useState, type FormEvent } from 'react';

/** Microphone with its level, a line to type in, and the way out. */
export function Controls({ onWrite, onLeave }: { onWrite: (text: string) => void; onLeave: () => void }) {
  const { localParticipant, isMicrophoneEnabled, microphoneTrack } = useLocalParticipant();
  const level = useTrackVolume(microphoneTrack?.track as LocalAudioTrack | undefined);
  const { devices, activeDeviceId, setActiveMediaDevice } = useMediaDeviceSelect({ kind: 'audioinput' });
  const [text, setText] = useState('');

  function submit(event: FormEvent) {
    event.preventDefault();
    if (text.trim()) onWrite(text.trim());
    setText('');
  }

  return (
    <footer className="controls">
      <button
        type="button"
        className={isMicrophoneEnabled ? 'mic on' : 'mic'}
        aria-pressed={!isMicrophoneEnabled}
        onClick={() => void localParticipant.setMicrophoneEnabled(!isMicrophoneEnabled)}
      >
        <span className="level" aria-hidden="true">
          <span style={{ transform: `scaleY(${isMicrophoneEnabled ? Math.min(1, level * 2.5) : 0})` }} />
        </span>
        {isMicrophoneEnabled ? 'Mute' : 'Unmute'}
      </button>
      {devices.length > 1 && (
        <select
          aria-label="Microphone"
          value={activeDeviceId}
          onChange={(event) => void setActiveMediaDevice(event.target.value)}
        >
          {devices.map((device) => (
            <option key={device.deviceId} value={device.deviceId}>
              {device.label || 'Microphone'}
            </option>
          ))}
        </select>
      )}
      <form className="write" onSubmit={submit}>
        <input
          aria-label="Type a message"
          placeholder="Or type here"
          value={text}
          maxLength={4000}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" disabled={!text.trim()}>
          Send
        </button>
      </form>
      <button type="button" className="leave" onClick={onLeave}>
        Leave
      </button>
    </footer>
  );
}
