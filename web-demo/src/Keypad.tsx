import { useLocalParticipant } from '@livekit/components-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Icon } from './Icon';
import { useWords } from './words';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/** The keys of a telephone, for what one would rather not say aloud. */
export function Keypad({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const { localParticipant } = useLocalParticipant();
  const [pressed, setPressed] = useState('');
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);

  function press(key: string) {
    setPressed((before) => before + key);
    void localParticipant.publishDtmf(codeOf(key), key);
  }

  function typed(event: KeyboardEvent) {
    if (event.key === 'Escape') onClose();
    else if (KEYS.includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) press(event.key);
  }

  return (
    <div className="keypad" role="dialog" aria-label={words.keypad} onKeyDown={typed}>
      <div className="pressed">
        <output aria-label={words.pressed}>{pressed}</output>
        <button type="button" className="plain" aria-label={words.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="keys">
        {KEYS.map((key, at) => (
          <button key={key} ref={at === 0 ? first : undefined} type="button" aria-label={words.key(key)} onClick={() => press(key)}>
            {key}
          </button>
        ))}
      </div>
    </div>
  );
}

/** The event code of RFC 4733. */
export function codeOf(key: string): number {
  return key === '*' ? 10 : key === '#' ? 11 : Number(key);
}
