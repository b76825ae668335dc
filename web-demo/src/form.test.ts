import { describe, expect, it } from 'vitest';
import type { FormField } from './cards';
import { faultOf, written } from './form';
import { safeName, safeType } from './given';

function field(type: FormField['type'], more: Partial<FormField> = {}): FormField {
  return { key: 'a', label: 'A', type, required: true, minimum: null, maximum: null, longest: 20, choices: [], ...more };
}

describe('a form field', () => {
  it.each([
    [field('text'), ' two  words '],
    [field('digits'), '0012'],
    [field('integer', { minimum: 1000, maximum: 9999 }), '1042'],
    [field('number'), '2,5'],
    [field('date'), '2026-12-01'],
    [field('yes_no'), 'no'],
    [field('choice', { choices: ['red'] }), 'red'],
    [field('email'), 'jane@example.org'],
    [field('phone'), '+44 20 7946'],
    [field('integer', { required: false }), ' '],
  ])('takes what it is made for: %o', (one, value) => {
    expect(faultOf(one, value)).toBeNull();
  });

  it.each([
    [field('text'), ' ', { what: 'needed' }],
    [field('text'), 'x'.repeat(21), { what: 'tooLong', limit: 20 }],
    [field('digits'), '12a', { what: 'digitsOnly' }],
    [field('integer'), '1.5', { what: 'wholeNumber' }],
    [field('integer'), '1e3', { what: 'wholeNumber' }],
    [field('integer', { minimum: 1000 }), '12', { what: 'atLeast', limit: 1000 }],
    [field('number', { maximum: 5 }), '5.1', { what: 'atMost', limit: 5 }],
    [field('number'), 'NaN', { what: 'aNumber' }],
    [field('date'), '2026-02-30', { what: 'aDay' }],
    [field('yes_no'), 'maybe', { what: 'oneOfThese' }],
    [field('choice', { choices: ['red'] }), 'blue', { what: 'oneOfThese' }],
    [field('email'), 'jane@org', { what: 'aMail' }],
    [field('phone'), 'call me', { what: 'aPhone' }],
  ])('says what is wrong: %o', (one, value, fault) => {
    expect(faultOf(one, value)).toEqual(fault);
  });

  it('sends a number as the team reads it', () => {
    expect(written(field('number'), '2,5')).toBe('2.5');
    expect(written(field('text'), ' a  b ')).toBe('a b');
  });
});

describe('a file', () => {
  it.each(['text/html', 'image/svg+xml', 'application/javascript', '', 'application/pdf; x'])('is held as nothing that runs: %s', (mime) => {
    expect(safeType(mime)).toBe('application/octet-stream');
  });

  it.each([
    ['../../etc/passwd', 'etc-passwd'],
    ['.htaccess', 'htaccess'],
    ['<b>.pdf', 'b-.pdf'],
    ['', 'file'],
  ])('is saved under a plain name: %s', (name, safe) => {
    expect(safeName(name)).toBe(safe);
  });
});
