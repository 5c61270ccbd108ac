import type { ReactNode } from 'react'

import { Logo } from './Logo'

/** The frame of the pages outside: set-up and sign-in. */
export function Door({
  title,
  below,
  children,
}: {
  title: string
  below?: ReactNode
  children: ReactNode
}) {
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <Logo className="mb-6 size-10" />
        <h1 className="text-2xl">{title}</h1>
        {below && <p className="mt-1 text-muted">{below}</p>}
        <div className="mt-6">{children}</div>
      </div>
    </main>
  )
}
