import { describe, expect, it } from 'vitest';
import { Unheard } from './unheard';

describe('what no worker has taken', () => {
  it('is all that was written and is in no journal, in order, each as often as it was written', () => {
    const unheard = new Unheard();
    for (const text of ['one', ' two ', 'one', 'three']) unheard.wrote(text);
    unheard.taken('one');
    unheard.taken('nothing of ours');
    expect(unheard.all).toEqual(['two', 'one', 'three']);
    unheard.taken('two');
    expect(unheard.all).toEqual(['one', 'three']);
  });
});
