import { WORDS, type Language } from './words';

/** The other language, by its own name. */
export function LanguageSwitch({ language, onChoose }: { language: Language; onChoose: (language: Language) => void }) {
  const other = language === 'en' ? 'de' : 'en';
  return (
    <button type="button" className="language" lang={other} title={WORDS[other].language} aria-label={`${other.toUpperCase()}, ${WORDS[other].language}`} onClick={() => onChoose(other)}>
      {other.toUpperCase()}
    </button>
  );
}
