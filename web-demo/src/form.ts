import type { FormField } from './cards';

/** What is wrong with a value that was typed; the worker looks again. */
export type Fault =
  | { what: 'needed' | 'digitsOnly' | 'wholeNumber' | 'aNumber' | 'aMail' | 'aPhone' | 'aDay' | 'oneOfThese' }
  | { what: 'atLeast' | 'atMost' | 'tooLong'; limit: number };

const MAIL = /^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$/;
const PHONE = /^\+?[\d ()/.-]{3,40}$/;
const NUMBER = /^[+-]?\d{1,15}(\.\d{1,9})?$/;

/** As it is sent: what people write with a comma is a number, too. */
export function written(field: FormField, value: string): string {
  const bare = value.trim().replace(/\s+/g, ' ');
  return field.type === 'number' ? bare.replace(/^([+-]?\d+),(\d+)$/, '$1.$2') : bare;
}

export function faultOf(field: FormField, value: string): Fault | null {
  const typed = written(field, value);
  if (typed === '') return field.required ? { what: 'needed' } : null;
  if (typed.length > field.longest) return { what: 'tooLong', limit: field.longest };
  switch (field.type) {
    case 'text':
      return null;
    case 'digits':
      return /^[0-9]+$/.test(typed) ? null : { what: 'digitsOnly' };
    case 'email':
      return MAIL.test(typed) ? null : { what: 'aMail' };
    case 'phone':
      return PHONE.test(typed) ? null : { what: 'aPhone' };
    case 'date':
      return isDay(typed) ? null : { what: 'aDay' };
    case 'choice':
      return field.choices.includes(typed) ? null : { what: 'oneOfThese' };
    case 'yes_no':
      return typed === 'yes' || typed === 'no' ? null : { what: 'oneOfThese' };
    case 'integer':
    case 'number':
      return faultOfNumber(field, typed);
    default:
      return field.type satisfies never;
  }
}

function faultOfNumber(field: FormField, typed: string): Fault | null {
  const whole = field.type === 'integer';
  if (!NUMBER.test(typed) || (whole && !Number.isInteger(Number(typed)))) return { what: whole ? 'wholeNumber' : 'aNumber' };
  const number = Number(typed);
  if (field.minimum !== null && number < field.minimum) return { what: 'atLeast', limit: field.minimum };
  return field.maximum !== null && number > field.maximum ? { what: 'atMost', limit: field.maximum } : null;
}

function isDay(typed: string): boolean {
  const day = new Date(`${typed}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(typed) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(typed);
}
