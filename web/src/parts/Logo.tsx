export function Logo({ className = 'size-6' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="8" fill="var(--ink)" />
      <path
        d="M10 7v13a4.5 4.5 0 0 0 4.5 4.5h4a5.25 5.25 0 0 0 0-10.5h-4"
        fill="none"
        stroke="var(--bg)"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="22.5" cy="8.5" r="2.4" fill="#38bdf8" />
    </svg>
  )
}
