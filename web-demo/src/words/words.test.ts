import { describe, expect, it } from 'vitest';
import { choose, money, readable, seconds, WORDS } from '.';

describe('the words of the page', () => {
  it('are chosen by a wish first, then by what the browser prefers', () => {
    expect(choose(null, ['de-AT', 'en'])).toBe('de');
    expect(choose(null, ['fr', 'en-GB', 'de'])).toBe('en');
    expect(choose('de', ['en'])).toBe('de');
    expect(choose('tlh', ['fr'])).toBe('en');
  });

  it('are said in every language', () => {
    for (const [name, word] of Object.entries(WORDS.de)) {
      expect(typeof word, name).toBe(typeof WORDS.en[name as keyof typeof WORDS.en]);
      for (const part of [word].flat()) if (typeof part === 'string') expect(part.trim(), name).not.toBe('');
    }
  });

  it('write numbers as people do there', () => {
    expect([seconds(1240, 'en', 2), seconds(1240, 'de', 2)]).toEqual(['1.24', '1,24']);
    expect(money(0.00312, 'USD', 'en')).toBe('$0.0031');
    expect(money(3.5, 'EUR', 'de').replace(/\s/g, ' ')).toBe('3,50 €');
    expect(money(1, 'credits', 'en')).toBe('1.00 credits');
    expect(readable('find_order')).toBe('Find order');
  });
});
