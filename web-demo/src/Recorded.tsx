import { useWords } from './words';

/** Whether the call is being recorded, in words; it is read out when that changes. */
export function Recorded({ recorded }: { recorded: boolean }) {
  const words = useWords();
  return (
    <span className="recorded" role="status">
      {recorded && words.recorded}
    </span>
  );
}
