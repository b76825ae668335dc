/** Whether the call is being recorded, in words; it is read out when that changes. */
export function Recorded({ recorded }: { recorded: boolean }) {
  return (
    <span className="recorded" role="status">
      {recorded && 'Being recorded'}
    </span>
  );
}
