import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from 'react'

import { cx } from './classes'

const control =
  'w-full rounded-md border border-control bg-panel px-2.5 text-ink aria-invalid:border-bad disabled:opacity-60 disabled:bg-raised'

export const inputClass = cx(control, 'h-9')
export const areaClass = cx(control, 'py-2 font-mono text-[12.5px] leading-5')

export interface FieldProps {
  label: string
  /** Beside the label: where a value came from, or that it may be left out. */
  aside?: ReactNode
  hint?: ReactNode
  error?: string
  className?: string
}

/** Label, control, hint and error, tied together for those who cannot see where they stand. */
export function Field({
  label,
  aside,
  hint,
  error,
  className,
  children,
}: FieldProps & {
  children: (ids: {
    id: string
    'aria-describedby': string | undefined
    'aria-invalid': true | undefined
  }) => ReactNode
}) {
  const id = useId()
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div className={cx('min-w-0', className)}>
      <div className="mb-1 flex min-h-[24px] flex-wrap items-center justify-between gap-x-3">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {aside && <span className="text-[12.5px] text-muted">{aside}</span>}
      </div>
      {children({
        id,
        'aria-describedby': described || undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {hint && (
        <p id={`${id}-hint`} className="mt-1 text-[12.5px] text-muted">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="mt-1 text-[12.5px] text-bad">
          {error}
        </p>
      )}
    </div>
  )
}

type InputProps = FieldProps &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'className'> & { mono?: boolean }

export function TextField({ label, aside, hint, error, className, mono, ...input }: InputProps) {
  return (
    <Field label={label} aside={aside} hint={hint} error={error} className={className}>
      {(ids) => (
        <input
          {...ids}
          {...input}
          className={cx(inputClass, mono && 'font-mono text-[13px]')}
          spellCheck={mono ? false : input.spellCheck}
          autoCapitalize={mono ? 'off' : undefined}
        />
      )}
    </Field>
  )
}

type SelectProps = FieldProps & Omit<SelectHTMLAttributes<HTMLSelectElement>, 'className'>

export function SelectField({
  label,
  aside,
  hint,
  error,
  className,
  children,
  ...select
}: SelectProps) {
  return (
    <Field label={label} aside={aside} hint={hint} error={error} className={className}>
      {(ids) => (
        <select {...ids} {...select} className={cx(inputClass, 'pr-7')}>
          {children}
        </select>
      )}
    </Field>
  )
}

export function Switch({
  label,
  hint,
  checked,
  onChange,
  disabled,
}: {
  label: string
  hint?: string
  checked: boolean
  onChange: (checked: boolean) => void
  disabled?: boolean
}) {
  const id = useId()
  return (
    <div className="flex items-start gap-3">
      <button
        type="button"
        role="switch"
        aria-checked={checked}
        aria-labelledby={id}
        disabled={disabled}
        onClick={() => onChange(!checked)}
        className={cx(
          'relative mt-0.5 h-[24px] w-[42px] shrink-0 rounded-full border transition-colors disabled:opacity-50',
          checked ? 'border-accent bg-accent' : 'border-control bg-raised',
        )}
      >
        <span
          className={cx(
            'absolute top-[3px] left-[3px] size-4 rounded-full transition-transform',
            checked ? 'translate-x-4 bg-bg' : 'bg-control',
          )}
        />
      </button>
      <div>
        <div id={id} className="font-medium">
          {label}
        </div>
        {hint && <p className="text-[12.5px] text-muted">{hint}</p>}
      </div>
    </div>
  )
}
