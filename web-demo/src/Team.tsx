import type { Call } from './call';
import { everybody, marks, picture, RADIUS, way } from './teamPicture';
import { readable, useWords } from './words';

const LABEL = 12;

/** Who is there, who has the call, and how it went from one to the next: a baton runs along at each handoff. */
export function Team({ call }: { call: Call }) {
  const words = useWords();
  const handoffs = call.lines.filter((line) => line.kind === 'handoff' && line.done);
  const last = handoffs.at(-1);
  const seen = handoffs.flatMap((line) => (line.kind === 'handoff' ? [line.source, line.target] : []));
  const { width, height, places, ways } = picture(everybody(call.team, [...new Set([...seen, call.agent])]));
  if (places.length === 0) return null;
  const letters = marks(places.map(({ name }) => name));
  const others = places.filter(({ name }) => name !== call.agent).map(({ name }) => readable(name));
  const [from, to] = last?.kind === 'handoff' ? [places.find((one) => one.name === last.source), places.find((one) => one.name === last.target)] : [];
  const live = call.status === 'live' && call.awaySince === null;
  return (
    <section className="team" aria-label={words.team}>
      <svg
        role="img"
        aria-label={words.hasTheCall(readable(call.agent), others.join(', '))}
        viewBox={`0 0 ${width} ${height}`}
        style={{ maxWidth: `${width}px` }}
      >
        {ways.map(({ from: one, to: other, path }) => (
          <path key={`${one} ${other}`} className="way" d={path} />
        ))}
        {places.map(({ name, x, y }) => (
          <g key={name} className={name === call.agent ? `member present ${live ? call.state : ''}` : 'member'} transform={`translate(${x} ${y})`}>
            <circle className="halo" r={RADIUS + 4} />
            <circle className="face" r={RADIUS} />
            <text className="initials" dy="0.35em">
              {letters[name]}
            </text>
            <text className="name" y={RADIUS + 18}>
              {shortened(readable(name))}
            </text>
          </g>
        ))}
        {from && to && <rect key={handoffs.length} className="baton" x="-9" y="-3" width="18" height="6" rx="3" style={{ offsetPath: `path("${way(from, to)}")` }} />}
      </svg>
    </section>
  );
}

function shortened(name: string): string {
  return name.length > LABEL ? `${name.slice(0, LABEL - 1)}…` : name;
}
