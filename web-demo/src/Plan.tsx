import type { PlanStep } from './events';
import { readable, useWords } from './words';

const MARKS = { open: '○', active: '●', done: '✓', dropped: '–' } as const;

/** What the caller wants done, and how far it is. */
export function Plan({ steps, open }: { steps: PlanStep[]; open: boolean }) {
  const words = useWords();
  const said = { open: words.openStep, active: words.activeStep, done: words.doneStep, dropped: words.droppedStep };
  const settled = steps.filter((step) => step.state === 'done' || step.state === 'dropped').length;
  return (
    <details className="plan" open={open}>
      <summary>
        {words.wishes}
        <span className="quiet" role="status">
          {words.settled(settled, steps.length)}
        </span>
      </summary>
      <ol>
        {steps.map((step, place) => (
          <li key={place} className={step.state} aria-current={step.state === 'active' ? 'step' : undefined}>
            <span aria-hidden="true">{MARKS[step.state]}</span>
            <span className="wish">{step.wish}</span>
            <span className="state">
              {said[step.state]}
              {(step.state === 'open' || step.state === 'active') && readable(step.agent)}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
