import { has, isText, listOf, mapOf } from './parse';

export interface Link {
  label: string;
  url: string;
}

export interface Item {
  name: string;
  quantity: number;
  price: number | null;
}

export interface FormField {
  key: string;
  label: string;
  type: 'text' | 'digits' | 'integer' | 'number' | 'date' | 'yes_no' | 'choice' | 'email' | 'phone';
  required: boolean;
  minimum: number | null;
  maximum: number | null;
  longest: number;
  choices: string[];
}

/** What a tool shows; some of it can be pressed. */
export type Card =
  | { kind: 'facts'; title: string; lines: string[]; fields: Record<string, string>; link: Link | null; choices: string[] }
  | { kind: 'order'; title: string; lines: string[]; state: string; items: Item[]; total: number | null; currency: string; link: Link | null; choices: string[] }
  | { kind: 'choice'; title: string; lines: string[]; options: { label: string; detail: string }[] }
  | { kind: 'form'; title: string; lines: string[]; fields: FormField[]; send: string | null }
  | { kind: 'confirm'; title: string; lines: string[]; fields: Record<string, string>; yes: string | null; no: string | null };

const TYPES: readonly unknown[] = [
  'text',
  'digits',
  'integer',
  'number',
  'date',
  'yes_no',
  'choice',
  'email',
  'phone',
] satisfies FormField['type'][];

const CHECKS: Record<Card['kind'], (card: unknown) => boolean> = {
  facts: (card) => has(card, { fields: mapOf(isText), link: isLink, choices: listOf(isText) }),
  order: (card) => has(card, { state: 'string', items: listOf(isItem), total: isAmount, currency: 'string', link: isLink, choices: listOf(isText) }),
  choice: (card) => has(card, { options: listOf((option) => has(option, { label: 'string', detail: 'string' })) }),
  form: (card) => has(card, { fields: listOf(isField), send: isWords }),
  confirm: (card) => has(card, { fields: mapOf(isText), yes: isWords, no: isWords }),
};

export function isCard(value: unknown): value is Card {
  if (!has(value, { kind: (kind) => typeof kind === 'string' && Object.hasOwn(CHECKS, kind), title: 'string', lines: listOf(isText) })) return false;
  return CHECKS[(value as Card).kind](value);
}

/** Whether somebody waits for an answer on it. */
export function canPress(card: Card): boolean {
  return 'choices' in card ? card.choices.length > 0 : true;
}

function isField(value: unknown): boolean {
  const shape = { key: 'string', label: 'string', type: (type: unknown) => TYPES.includes(type), required: 'boolean', longest: 'number' } as const;
  return has(value, { ...shape, minimum: isAmount, maximum: isAmount, choices: listOf(isText) });
}

function isItem(value: unknown): boolean {
  return has(value, { name: 'string', quantity: 'number', price: isAmount });
}

function isAmount(value: unknown): boolean {
  return value === null || typeof value === 'number';
}

function isWords(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

/** A page to open: a link by any other scheme could run what it says. */
function isLink(value: unknown): boolean {
  return value === null || has(value, { label: 'string', url: (url) => typeof url === 'string' && /^https:\/\//i.test(url) });
}
