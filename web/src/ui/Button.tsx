import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'

import { cx } from './classes'
import { Icon, type IconName } from './Icon'

const kinds = {
  primary: 'bg-ink text-bg border-transparent hover:opacity-90',
  secondary: 'bg-panel text-ink border-line-strong hover:bg-raised',
  ghost: 'bg-transparent text-ink-soft border-transparent hover:bg-raised hover:text-ink',
  danger: 'bg-bad text-bg border-transparent hover:opacity-90',
}

const base =
  'inline-flex items-center justify-center gap-1.5 border rounded-md font-medium whitespace-nowrap select-none no-underline transition-[background-color,opacity] disabled:opacity-50 disabled:cursor-not-allowed'

const sizes = { small: 'h-7 px-2 text-[13px]', medium: 'h-8 px-3', large: 'h-10 px-4 text-[15px]' }

export interface ButtonLook {
  kind?: keyof typeof kinds
  size?: keyof typeof sizes
}

export const buttonClass = ({ kind = 'secondary', size = 'medium' }: ButtonLook = {}) =>
  cx(base, kinds[kind], sizes[size])

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement>, ButtonLook {
  icon?: IconName
  /** Work goes on: says so, and takes no second press. */
  busy?: boolean
  children?: ReactNode
  ref?: Ref<HTMLButtonElement>
}

export function Button({ kind, size, icon, busy, children, className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      disabled={rest.disabled || busy}
      className={cx(buttonClass({ kind, size }), className)}
    >
      {busy ? <Spinner /> : icon ? <Icon name={icon} /> : null}
      {children}
    </button>
  )
}

export function IconButton({
  label,
  icon,
  className,
  ...rest
}: { label: string; icon: IconName } & ButtonHTMLAttributes<HTMLButtonElement> & {
    ref?: Ref<HTMLButtonElement>
  }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={cx(
        'inline-grid size-7 place-items-center rounded-md text-muted hover:bg-raised hover:text-ink disabled:opacity-40 aria-pressed:bg-accent-soft aria-pressed:text-accent',
        className,
      )}
    >
      <Icon name={icon} />
    </button>
  )
}

export function Spinner({ className = 'size-3.5' }: { className?: string }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" className={cx('animate-spin', className)}>
      <circle
        cx="8"
        cy="8"
        r="6"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        opacity="0.25"
      />
      <path
        d="M8 2a6 6 0 0 1 6 6"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
      />
    </svg>
  )
}
