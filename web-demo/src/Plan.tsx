import type { PlanStep } from './events';

const MARKS = { open: '○', active: '●', done: '✓', dropped: '–' } as const;
const WORDS = { open: 'later, with ', active: 'now, with ', done: 'done', dropped: 'dropped' } as const;

/** What the caller wants done, and how far it is. */
export function Plan({ steps }: { steps: PlanStep[] }) {
  const settled = steps.filter((step) => step.state === 'done' || step.state === 'dropped').length;
  return (
    <details className="plan" open>
      <summary>
        What you asked for
        <span className="quiet" role="status">
          {settled} of {steps.length} settled
        </span>
      </summary>
      <ol>
        {steps.map((step, place) => (
          <li key={place} className={step.state} aria-current={step.state === 'active' ? 'step' : undefined}>
            <span aria-hidden="true">{MARKS[step.state]}</span>
            <span className="wish">{step.wish}</span>
            <span className="state">
              {WORDS[step.state]}
              {(step.state === 'open' || step.state === 'active') && <span className="who">{step.agent.replaceAll('_', ' ')}</span>}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
