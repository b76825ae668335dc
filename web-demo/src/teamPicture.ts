/** Where everybody stands in the picture of a team, in units of its own; pure, so that it is the same every time. */

export interface Place {
  name: string;
  x: number;
  y: number;
}

export interface Way {
  from: string;
  to: string;
  path: string;
}

export interface Picture {
  width: number;
  height: number;
  places: Place[];
  ways: Way[];
}

export const RADIUS = 20;
const COLUMN = 92;
const ROW = 78;
const TOP = 28;
const IN_A_ROW = 4;

/** In rows of four at most, whoever answers first; a way for each two of whom one hands over to the other. */
export function picture(team: Record<string, string[]>): Picture {
  const names = Object.keys(team);
  const columns = Math.min(IN_A_ROW, Math.max(1, names.length));
  const places = names.map((name, at) => ({
    name,
    x: COLUMN * ((at % columns) + 0.5),
    y: TOP + RADIUS + ROW * Math.floor(at / columns),
  }));
  const ways: Way[] = [];
  for (const [at, one] of places.entries())
    for (const other of places.slice(at + 1))
      if (team[one.name]?.includes(other.name) || team[other.name]?.includes(one.name))
        ways.push({ from: one.name, to: other.name, path: way(one, other) });
  const rows = Math.ceil(names.length / columns);
  return { width: columns * COLUMN, height: TOP + ROW * rows + 2, places, ways };
}

/** From head to head in a bow, higher the farther they are apart. */
export function way(from: Place, to: Place): string {
  const bow = Math.min(TOP * 1.9, 18 + Math.hypot(to.x - from.x, to.y - from.y) / 5);
  const [startY, endY] = [from.y - RADIUS, to.y - RADIUS];
  return `M${from.x} ${startY} Q${(from.x + to.x) / 2} ${(startY + endY) / 2 - bow} ${to.x} ${endY}`;
}

/** Those the worker told of, and whoever else has appeared, in case it told of nobody. */
export function everybody(team: Record<string, string[]>, seen: readonly string[]): Record<string, string[]> {
  const others = seen.filter((name) => name && !(name in team));
  return { ...team, ...Object.fromEntries(others.map((name) => [name, []])) };
}

/** A mark for each, that tells them apart: the first letters, or the first in which two differ. */
export function marks(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, mark(name, names)]));
}

function mark(name: string, names: readonly string[]): string {
  const short = (one: string) => (one.split('_').filter(Boolean)[1] ? initial(one, 0) + initial(one, 1) : one.slice(0, 2)).toUpperCase();
  const alike = names.filter((other) => other !== name && short(other) === short(name));
  const at = [...name].findIndex((letter, place) => place > 0 && letter !== '_' && alike.every((other) => other.charAt(place) !== letter));
  return alike.length > 0 && at > 0 ? (name.charAt(0) + name.charAt(at)).toUpperCase() : short(name);
}

function initial(name: string, word: number): string {
  return name.split('_').filter(Boolean)[word]?.charAt(0) ?? '';
}
