import { useId, useRef, useState, type FormEvent } from 'react';
import type { Card, FormField } from './cards';
import { faultOf, written, type Fault } from './form';
import { useWords, type Words } from './words';

interface Props {
  form: Extract<Card, { kind: 'form' }>;
  open: boolean;
  /** It was sent: what was filled in stays, to be read. */
  over: boolean;
  onSend: (values: Record<string, string>) => void;
}

/** Fields that say what is wrong with them when they are sent, and take the keyboard to the first of these. */
export function FormView({ form, open, over, onSend }: Props) {
  const words = useWords();
  const [values, setValues] = useState<Record<string, string>>({});
  const [tried, setTried] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  const typed = (field: FormField) => values[field.key] ?? '';

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!open) return;
    const wrong = form.fields.find((field) => faultOf(field, typed(field)));
    setTried(true);
    if (wrong) {
      element.current?.querySelector<HTMLElement>(`[name="${CSS.escape(wrong.key)}"]`)?.focus();
      return;
    }
    const filled = form.fields.map((field) => [field.key, written(field, typed(field))] as const).filter(([, value]) => value !== '');
    onSend(Object.fromEntries(filled));
  }

  return (
    <form ref={element} className="fields" noValidate onSubmit={submit}>
      {form.fields.map((field) => (
        <Field
          key={field.key}
          field={field}
          value={typed(field)}
          fault={tried && !over ? faultOf(field, typed(field)) : null}
          fixed={!open}
          onChange={(value) => setValues((before) => ({ ...before, [field.key]: value }))}
        />
      ))}
      <button type="submit" className="primary" aria-disabled={!open}>
        {over ? words.sent : (form.send ?? words.send)}
      </button>
    </form>
  );
}

interface FieldProps {
  field: FormField;
  value: string;
  fault: Fault | null;
  fixed: boolean;
  onChange: (value: string) => void;
}

function Field({ field, value, fault, fixed, onChange }: FieldProps) {
  const words = useWords();
  const id = useId();
  const shared = {
    id,
    name: field.key,
    value,
    required: field.required,
    'aria-invalid': fault !== null,
    'aria-describedby': fault ? `${id}-why` : undefined,
  };
  const options = field.type === 'yes_no' ? [words.yes, words.no] : field.choices;
  const sent = field.type === 'yes_no' ? ['yes', 'no'] : field.choices;
  return (
    <div className="field">
      <label htmlFor={id}>
        {field.label} {!field.required && <span className="optional">{words.optional}</span>}
      </label>
      {options.length > 0 ? (
        <select {...shared} disabled={fixed} onChange={(event) => onChange(event.target.value)}>
          <option value="">{words.choose}</option>
          {options.map((label, place) => (
            <option key={place} value={sent[place]}>
              {label}
            </option>
          ))}
        </select>
      ) : (
        <input {...shared} {...KIND[field.type]} readOnly={fixed} onChange={(event) => onChange(event.target.value)} />
      )}
      {fault && (
        <span id={`${id}-why`} className="why">
          {inWords(fault, words)}
        </span>
      )}
    </div>
  );
}

const KIND: Record<FormField['type'], { type: string; inputMode?: 'numeric' | 'decimal'; autoComplete?: string }> = {
  text: { type: 'text' },
  digits: { type: 'text', inputMode: 'numeric', autoComplete: 'off' },
  integer: { type: 'text', inputMode: 'numeric' },
  number: { type: 'text', inputMode: 'decimal' },
  date: { type: 'date' },
  yes_no: { type: 'text' },
  choice: { type: 'text' },
  email: { type: 'email', autoComplete: 'email' },
  phone: { type: 'tel', autoComplete: 'tel' },
};

function inWords(fault: Fault, words: Words): string {
  switch (fault.what) {
    case 'atLeast':
    case 'atMost':
    case 'tooLong':
      return words[fault.what](fault.limit);
    default:
      return words[fault.what];
  }
}
