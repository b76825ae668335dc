import { useEffect, useRef, useState } from 'react';
import type { Call } from './call';
import { Icon } from './Icon';
import { LineView } from './LineView';
import { marks } from './teamPicture';
import { useWords } from './words';

const NEAR_PX = 80;

/** All that was said, shown and done, in order. It follows what is new, unless somebody reads further up. */
export function Timeline({ call }: { call: Call }) {
  const words = useWords();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [follows, setFollows] = useState(true);
  const top = useRef(0);
  const toEnd = () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight });

  const speakers = call.lines.flatMap((line) => (line.kind === 'agent' ? [line.agent] : []));
  const letters = marks([...new Set([...Object.keys(call.team), ...speakers])]);

  useEffect(() => {
    if (!follows || !scroller.current || !content.current) return;
    const sizes = new ResizeObserver(toEnd); // lines grow by words and pictures, and a phone's keyboard takes half the window
    sizes.observe(scroller.current);
    sizes.observe(content.current);
    return () => sizes.disconnect();
  }, [follows]);
  useEffect(() => scroller.current?.focus({ preventScroll: true }), []); // the button that was pressed is gone

  function scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = scroller.current ?? { scrollTop: 0, clientHeight: 0, scrollHeight: 0 };
    if (scrollHeight - clientHeight - scrollTop < NEAR_PX) setFollows(true);
    else if (scrollTop < top.current) setFollows(false); // who goes up does so; what has grown meanwhile has moved nobody
    top.current = scrollTop;
  }

  return (
    <div className="timeline">
      <h1 className="unseen">{words.conversation}</h1>
      <div className="conversation" ref={scroller} role="log" aria-live="off" aria-label={words.conversation} tabIndex={0} onScroll={scrolled}>
        <div className="lines" ref={content}>
          {call.lines.length === 0 && call.status !== 'ended' && <p className="ring">{words.ring}</p>}
          {call.lines.map((line) => (
            <LineView
              key={`${line.kind}-${line.id}`}
              line={line}
              currency={call.spent?.currency ?? ''}
              mark={line.kind === 'agent' ? (letters[line.agent] ?? '') : ''}
            />
          ))}
        </div>
      </div>
      {!follows && (
        <button type="button" className="latest" onClick={toEnd}>
          <Icon name="down" />
          {words.latest}
        </button>
      )}
    </div>
  );
}
