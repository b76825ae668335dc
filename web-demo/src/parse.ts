export type Check = 'string' | 'number' | 'boolean' | ((value: unknown) => boolean);

/** Whether something that came from outside has these fields; what else it has is nobody's business. */
export function has(value: unknown, checks: Record<string, Check>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(checks).every(([key, check]) =>
    typeof check === 'function' ? check(fields.get(key)) : typeof fields.get(key) === check,
  );
}

export function isText(value: unknown): boolean {
  return typeof value === 'string';
}

export function listOf(check: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(check);
}

export function mapOf(check: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(check);
}
