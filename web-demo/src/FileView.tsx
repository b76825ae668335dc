import { useState } from 'react';
import { Icon } from './Icon';
import type { FileLine } from './shownFiles';
import { fileRefusalInWords, seenInWords } from './notes';
import { useWords } from './words';

/** A picture or document that is shown to the team: a look at it, how far it is, and why not. */
export function FileView({ line }: { line: FileLine }) {
  const words = useWords();
  const [seen, setSeen] = useState(line.preview !== ''); // not every kind of picture can be shown by every browser
  const state = { sending: words.sending, sent: words.looksAt, shown: words.shown, refused: words.refused }[line.state];
  return (
    <figure className={`file ${line.state} ${line.mine ? 'mine' : ''}`}>
      {seen ? <img src={line.preview} alt={line.name || words.file} onError={() => setSeen(false)} /> : <Icon name="page" />}
      <figcaption>
        <span className="called">{line.name || words.file}</span>
        {line.state === 'sending' ? (
          <progress max={1} value={line.progress} aria-label={words.sending} />
        ) : (
          <span className="quiet">
            {state}
            {line.pages > 0 && ` · ${words.pages(line.pages)}`}
          </span>
        )}
        {line.seen && <span className="seen">{seenInWords(line.seen, words)}</span>}
        {line.why && <span className="why">{fileRefusalInWords(line.why, words)}</span>}
      </figcaption>
    </figure>
  );
}
