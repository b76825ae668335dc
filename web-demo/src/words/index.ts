import { createContext, useContext } from 'react';
import { de } from './de';
import { en, type Words } from './en';

export type { Words };
export type Language = 'en' | 'de';

export const WORDS: Record<Language, Words> = { en, de };
const KEPT = 'baton.language';

export const Speaks = createContext<Language>('en');

export function useLanguage(): Language {
  return useContext(Speaks);
}

export function useWords(): Words {
  return WORDS[useLanguage()];
}

/** The first of these that we speak; `asked`, such as a page's own wish, comes before what the browser prefers. */
export function choose(asked: string | null, preferred: readonly string[]): Language {
  for (const tag of [asked ?? '', ...preferred]) {
    const language = tag.toLowerCase().split('-')[0];
    if (language === 'en' || language === 'de') return language;
  }
  return 'en';
}

/** What was chosen here before; null where nothing was, or where nothing may be kept. */
export function keptLanguage(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // a browser that keeps nothing asks again next time
  }
}

/** Agents, tools and tasks are named for files; people read words. */
export function readable(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function money(amount: number, currency: string, language: Language, digits = amount >= 1 ? 2 : 4): string {
  try {
    return new Intl.NumberFormat(language, { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount);
  } catch {
    return `${amount.toFixed(digits)} ${currency}`; // a currency of a team's own making
  }
}

export function fileSize(bytes: number, language: Language): string {
  const [amount, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'kB'] : [bytes / 1024 / 1024, 'MB'];
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: amount < 10 ? 1 : 0 }).format(amount)} ${unit}`;
}

export function seconds(ms: number, language: Language, digits = 1): string {
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(ms / 1000);
}
