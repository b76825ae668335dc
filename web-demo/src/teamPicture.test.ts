import { describe, expect, it } from 'vitest';
import { everybody, marks, picture, RADIUS } from './teamPicture';

const SHOP = { reception: ['orders', 'returns'], orders: ['returns', 'reception'], returns: ['orders', 'reception'] };

describe('the picture of a team', () => {
  it('has one way for two who hand over to each other', () => {
    expect(picture(SHOP).ways.map(({ from, to }) => `${from}-${to}`)).toEqual(['reception-orders', 'reception-returns', 'orders-returns']);
  });

  it.each([1, 2, 4, 5, 9])('of %i has room for everybody, and nobody stands on another', (count) => {
    const names = Array.from({ length: count }, (_, at) => `agent_${at}`);
    const { width, height, places } = picture(Object.fromEntries(names.map((name) => [name, names])));
    for (const { x, y } of places) {
      expect(x - RADIUS).toBeGreaterThanOrEqual(0);
      expect(x + RADIUS).toBeLessThanOrEqual(width);
      expect(y + RADIUS + 22).toBeLessThanOrEqual(height);
    }
    const apart = places.flatMap((one, at) => places.slice(at + 1).map((other) => Math.hypot(one.x - other.x, one.y - other.y)));
    expect(Math.min(...apart, Infinity)).toBeGreaterThan(2 * RADIUS);
  });

  it('has those who appear in it though nobody told of them', () => {
    expect(Object.keys(everybody({ a: ['b'], b: [] }, ['b', 'c', '']))).toEqual(['a', 'b', 'c']);
  });

  it('tells its members apart by two letters', () => {
    expect(marks(['reception', 'orders', 'returns'])).toEqual({ reception: 'RC', orders: 'OR', returns: 'RT' });
    expect(marks(['photo_inspector', 'x'])).toEqual({ photo_inspector: 'PI', x: 'X' });
  });
});
