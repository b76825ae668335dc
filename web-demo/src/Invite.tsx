import { useState } from 'react';
import { Icon } from './Icon';
import { useWords } from './words';

/** Copies a link for one more person; where a browser does not let us, it is shown to be copied by hand. */
export function Invite({ link }: { link: string }) {
  const words = useWords();
  const [outcome, setOutcome] = useState<'' | 'copied' | 'by hand'>('');

  function copy() {
    navigator.clipboard.writeText(link).then(
      () => setOutcome('copied'),
      () => setOutcome('by hand'),
    );
  }

  return (
    <>
      <button type="button" className="round" aria-label={words.invite} title={words.invite} onClick={copy}>
        <Icon name="invite" />
      </button>
      <output className="invited">
        {outcome === 'copied' && words.invited}
        {outcome === 'by hand' && <input readOnly aria-label={words.inviteLink} value={link} onFocus={(event) => event.target.select()} />}
      </output>
    </>
  );
}
