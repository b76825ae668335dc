import { useLocalParticipant } from '@livekit/components-react';
import type { LocalTrackPublication } from 'livekit-client';
import { useEffect, useRef, useState } from 'react';
import type { Source } from './call';
import { Icon } from './Icon';
import { CAMERA, SCREEN, canFilm, canShareScreen, type Filming } from './film';
import { useWords } from './words';

/** Camera and screen, each where an agent looks at it and this device has it. Turned off when nobody looks any more. */
export function Shares({ sees }: { sees: readonly Source[] }) {
  const words = useWords();
  const { localParticipant, isCameraEnabled, isScreenShareEnabled } = useLocalParticipant();
  const [refused, setRefused] = useState('');
  const films: readonly Filming[] = [
    {
      source: 'camera',
      on: isCameraEnabled,
      possible: canFilm(),
      turn: (on) => localParticipant.setCameraEnabled(on, ...CAMERA),
    },
    {
      source: 'screen',
      on: isScreenShareEnabled,
      possible: canShareScreen(),
      turn: (on) => localParticipant.setScreenShareEnabled(on, ...SCREEN),
    },
  ];
  useEffect(() => {
    if (isCameraEnabled && !sees.includes('camera')) void localParticipant.setCameraEnabled(false);
    if (isScreenShareEnabled && !sees.includes('screen')) void localParticipant.setScreenShareEnabled(false);
  }, [sees, isCameraEnabled, isScreenShareEnabled, localParticipant]);

  async function turn({ on, source, turn }: Filming) {
    setRefused('');
    try {
      await turn(!on);
    } catch {
      if (source === 'camera') setRefused(words.cameraRefused); // who shares no screen after all has said so themselves
    }
  }

  return (
    <>
      {films
        .filter(({ source, possible }) => possible && sees.includes(source))
        .map((film) => (
          <button
            key={film.source}
            type="button"
            className="round"
            aria-pressed={film.on}
            aria-label={words[film.source]}
            title={words[film.source]}
            onClick={() => void turn(film)}
          >
            <Icon name={film.source === 'camera' ? 'film' : 'screen'} />
          </button>
        ))}
      <p className="refusal" role="status">
        {refused}
      </p>
    </>
  );
}

/** What the team sees of the caller, as long as it does. */
export function Previews({ sees }: { sees: readonly Source[] }) {
  const { cameraTrack, isCameraEnabled, isScreenShareEnabled, localParticipant } = useLocalParticipant();
  const screen = [...localParticipant.videoTrackPublications.values()].find(({ source }) => source === 'screen_share');
  const shown: readonly [Source, LocalTrackPublication | undefined][] = [
    ['camera', isCameraEnabled ? (cameraTrack as LocalTrackPublication | undefined) : undefined],
    ['screen', isScreenShareEnabled ? (screen as LocalTrackPublication | undefined) : undefined],
  ];
  const there = shown.filter(([source, publication]) => publication?.track && sees.includes(source));
  if (there.length === 0) return null;
  return (
    <div className="previews">
      {there.map(([source, publication]) => (
        <Preview key={source} source={source} publication={publication} />
      ))}
    </div>
  );
}

/** Not mirrored: what is held before a camera is there to be read. */
function Preview({ source, publication }: { source: Source; publication: LocalTrackPublication | undefined }) {
  const words = useWords();
  const video = useRef<HTMLVideoElement>(null);
  const track = publication?.track;
  useEffect(() => {
    const element = video.current;
    if (!track || !element) return;
    track.attach(element);
    return () => {
      track.detach(element);
    };
  }, [track]);
  const label = source === 'camera' ? words.cameraSeen : words.screenSeen;
  return (
    <figure className={`preview ${source}`}>
      <video ref={video} muted autoPlay playsInline aria-label={label} />
      <figcaption>{label}</figcaption>
    </figure>
  );
}
