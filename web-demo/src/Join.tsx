import { useMediaDeviceSelect } from '@livekit/components-react';
import { useState, type FormEvent } from 'react';
import { Icon } from './Icon';
import { inWords, type Trouble } from './trouble';
import { useWords } from './words';

interface Props {
  trouble: Trouble | null;
  ended?: string;
  onJoin: (name: string, deviceId: string, types?: boolean) => Promise<void>;
}

export function Join({ trouble, ended, onJoin }: Props) {
  const words = useWords();
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const { devices, activeDeviceId, setActiveMediaDevice } = useMediaDeviceSelect({ kind: 'audioinput', requestPermissions: false });
  const [what, remedy] = trouble ? inWords(trouble, words) : [];
  const choices = devices.filter((device) => device.deviceId && device.label);

  async function join(types: boolean) {
    setBusy(true);
    await onJoin(name, choices.length > 0 ? activeDeviceId : '', types);
    setBusy(false);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    void join(false);
  }

  return (
    <form className={ended === undefined ? 'join first' : 'join'} onSubmit={submit}>
      {ended === undefined ? (
        <>
          <h1>{words.title}</h1>
          <p className="lead">{words.lead}</p>
        </>
      ) : (
        <p className="lead" role="status">
          {ended}
        </p>
      )}
      {what && (
        <div className="trouble" role="alert">
          <strong>{what}</strong> {remedy}
        </div>
      )}
      {ended === undefined && (
        <label>
          <span>
            {words.yourName} <span className="optional">{words.optional}</span>
          </span>
          <input value={name} maxLength={80} autoComplete="name" onChange={(event) => setName(event.target.value)} />
        </label>
      )}
      {choices.length > 1 && (
        <label>
          {words.microphone}
          <select value={activeDeviceId} onChange={(event) => void setActiveMediaDevice(event.target.value)}>
            {choices.map((device) => (
              <option key={device.deviceId} value={device.deviceId}>
                {device.label}
              </option>
            ))}
          </select>
        </label>
      )}
      <button className="primary" type="submit" disabled={busy}>
        <Icon name="call" />
        {busy ? words.calling : ended === undefined ? words.call : words.callAgain}
      </button>
      {ended === undefined && (
        <button className="instead" type="button" disabled={busy} onClick={() => void join(true)}>
          {words.typeInstead}
        </button>
      )}
    </form>
  );
}
