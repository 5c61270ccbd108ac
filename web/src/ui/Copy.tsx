import { useState } from 'react'

import { IconButton } from './Button'

/** The clipboard needs a secure page; a fresh install has none, so there is the old way too. */
export const copyText = async (text: string): Promise<boolean> => {
  if (navigator.clipboard && isSecureContext) {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      // not allowed just now: the old way below
    }
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'fixed top-0 opacity-0'
  const holder = document.querySelector('dialog[open]') ?? document.body
  holder.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [done, setDone] = useState(false)
  return (
    <IconButton
      label={done ? 'Copied' : label}
      icon={done ? 'check' : 'copy'}
      onClick={async () => {
        setDone(await copyText(text))
        setTimeout(() => setDone(false), 1_500)
      }}
    />
  )
}

/** A value that is shown once, ready to be taken along. */
export function SecretBox({ value, label }: { value: string; label: string }) {
  return (
    <div className="flex items-center gap-2 rounded-md border border-line-strong bg-raised py-1.5 pr-1.5 pl-3">
      <code className="min-w-0 grow font-mono text-[12.5px] break-all" data-testid="secret">
        {value}
      </code>
      <CopyButton text={value} label={label} />
    </div>
  )
}
