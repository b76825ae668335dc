import { useMediaDeviceSelect } from '@livekit/components-react';
import { useState, type FormEvent } from 'react';
import type { Trouble } from './useCall';

interface Props {
  trouble: Trouble | null;
  ended?: string;
  onJoin: (name: string, deviceId: string) => Promise<void>;
}

export function Join({ trouble, ended, onJoin }: Props) {
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const { devices, activeDeviceId, setActiveMediaDevice } = useMediaDeviceSelect({ kind: 'audioinput', requestPermissions: false });
  const choices = devices.filter((device) => device.deviceId && device.label);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    await onJoin(name, choices.length > 0 ? activeDeviceId : '');
    setBusy(false);
  }

  return (
    <form className="join" onSubmit={(event) => void submit(event)}>
      {ended === undefined ? (
        <>
          <h1>Talk to the team</h1>
          <p className="lead">Press call and simply speak. Whoever can help you best takes over in mid-conversation.</p>
        </>
      ) : (
        <p className="lead" role="status">
          {ended}
        </p>
      )}
      {trouble && (
        <div className="trouble" role="alert">
          <strong>{trouble.what}</strong> {trouble.remedy}
        </div>
      )}
      {ended === undefined && (
        <label>
          <span>
            Your name <span className="optional">(optional)</span>
          </span>
          <input value={name} maxLength={80} autoComplete="name" onChange={(event) => setName(event.target.value)} />
        </label>
      )}
      {choices.length > 1 && (
        <label>
          Microphone
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
        {busy ? 'Calling…' : ended === undefined ? 'Call' : 'Call again'}
      </button>
    </form>
  );
}
