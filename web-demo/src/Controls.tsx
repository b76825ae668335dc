import { useLocalParticipant, useMediaDeviceSelect, useTrackVolume } from '@livekit/components-react';
import type { LocalAudioTrack } from 'livekit-client';
import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { Source } from './call';
import { FileButtons } from './FileButtons';
import { Icon } from './Icon';
import { Invite } from './Invite';
import { Keypad } from './Keypad';
import { Previews, Shares } from './Shares';
import type { Replies } from './useReplies';
import { useWords } from './words';

interface Props {
  sees: readonly Source[];
  onWrite: (text: string) => Promise<boolean>;
  onShow: (files: Iterable<File>) => void;
  onLeave: () => void;
  muted: boolean;
  onMuteAgent: (muted: boolean) => void;
  /** A link for one more person; empty where nobody may join. */
  invite: string;
  replies: Replies;
}

/** Microphone with its level, a line to type in, what else can be given, and the way out. */
export function Controls({ sees, onWrite, onShow, onLeave, muted, onMuteAgent, invite, replies }: Props) {
  const words = useWords();
  const [dials, setDials] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);

  function closeKeypad() {
    setDials(false);
    opener.current?.focus();
  }

  return (
    <footer className="controls">
      {dials && <Keypad onClose={closeKeypad} />}
      <Previews sees={sees} />
      <Message onWrite={onWrite}>
        <FileButtons onShow={onShow} />
      </Message>
      <div className="buttons">
        <Microphone />
        <Shares sees={sees} />
        <button
          ref={opener}
          type="button"
          className="round"
          aria-label={words.keypad}
          title={words.keypad}
          aria-expanded={dials}
          onClick={() => setDials(!dials)}
        >
          <Icon name="keypad" />
        </button>
        <button
          type="button"
          className={muted ? 'round aside on' : 'round aside'}
          aria-label={muted ? words.unmuteAgent : words.muteAgent}
          title={muted ? words.unmuteAgent : words.muteAgent}
          onClick={() => onMuteAgent(!muted)}
        >
          <Icon name="aside" />
        </button>
        {invite && <Invite link={invite} />}
        <button
          type="button"
          className="round"
          aria-label={words.textOnly}
          title={words.textOnly}
          aria-pressed={replies.text}
          onClick={() => replies.want(!replies.text)}
        >
          <Icon name={replies.text ? 'silent' : 'sound'} />
        </button>
        <button type="button" className="leave" title={words.leave} onClick={onLeave}>
          <Icon name="leave" />
          <span className="label">{words.leave}</span>
        </button>
      </div>
    </footer>
  );
}

/** `children` stand before the line: what else can be sent. */
function Message({ onWrite, children }: { onWrite: (text: string) => Promise<boolean>; children: ReactNode }) {
  const words = useWords();
  const [text, setText] = useState('');

  async function submit(event: FormEvent) {
    event.preventDefault();
    const message = text.trim();
    if (!message) return;
    setText('');
    if (!(await onWrite(message))) setText((since) => since || message);
  }

  return (
    <form className="write" onSubmit={(event) => void submit(event)}>
      {children}
      <input
        aria-label={words.message}
        placeholder={words.orType}
        value={text}
        maxLength={4000}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="round" aria-label={words.send} title={words.send} disabled={!text.trim()}>
        <Icon name="send" />
      </button>
    </form>
  );
}

function Microphone() {
  const words = useWords();
  const { localParticipant, isMicrophoneEnabled, microphoneTrack } = useLocalParticipant();
  const level = useTrackVolume(microphoneTrack?.track as LocalAudioTrack | undefined);
  const { devices, activeDeviceId, setActiveMediaDevice } = useMediaDeviceSelect({ kind: 'audioinput' });
  const label = isMicrophoneEnabled ? words.mute : words.unmute;
  return (
    <>
      <button
        type="button"
        className={isMicrophoneEnabled ? 'mic on' : 'mic'}
        title={label}
        onClick={() => void localParticipant.setMicrophoneEnabled(!isMicrophoneEnabled)}
      >
        <span className="level" aria-hidden="true">
          <span style={{ transform: `scaleY(${isMicrophoneEnabled ? Math.min(1, level * 2.5) : 0})` }} />
        </span>
        <Icon name={isMicrophoneEnabled ? 'mic' : 'muted'} />
        <span className="label">{label}</span>
      </button>
      {devices.length > 1 && (
        <select aria-label={words.microphone} value={activeDeviceId} onChange={(event) => void setActiveMediaDevice(event.target.value)}>
          {devices.map((device) => (
            <option key={device.deviceId} value={device.deviceId}>
              {device.label || words.microphone}
            </option>
          ))}
        </select>
      )}
    </>
  );
}
