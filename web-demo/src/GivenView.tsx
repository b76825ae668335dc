import type { GivenLine } from './given';
import { Icon } from './Icon';
import { fileSize, useLanguage, useWords } from './words';

/** What the team gives: a picture to look at, or a file to save. */
export function GivenView({ line }: { line: GivenLine }) {
  const words = useWords();
  const language = useLanguage();
  return (
    <figure className={line.picture ? 'given picture' : 'given'}>
      {line.picture && line.url !== '' && <img src={line.url} alt={line.words} />}
      {!line.picture && <Icon name="page" />}
      <figcaption>
        {!line.picture && <span>{line.words}</span>}
        {line.url === '' ? (
          <span className="quiet">{words.onItsWay}</span>
        ) : (
          <a href={line.url} download={line.name}>
            {words.save(line.name)} <span className="quiet">({fileSize(line.bytes, language)})</span>
          </a>
        )}
      </figcaption>
    </figure>
  );
}
