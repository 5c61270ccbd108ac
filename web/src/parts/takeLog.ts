// What can be taken out of a log: lines, a link, a file. Loaded when somebody does.

import { refresh } from '../api/client'
import type { Deployment } from '../api/types'
import type { OpenLog } from '../log/open'
import { copyText } from '../ui/Copy'
import { toast } from '../ui/Toast'

export interface Taken {
  deployment: Deployment
  log: OpenLog
  /** Lines from and to, both included; null is all of them. */
  chosen: [number, number] | null
  /** The hash that points at the chosen lines, else at the first in view. */
  link: string
}

const refused = (done: boolean) => {
  if (!done) toast('The browser did not allow copying.', { bad: true })
  return !done
}

export const copyLines = async ({ log: { store, view }, chosen }: Taken, withTimes: boolean) => {
  const [from, to] = chosen ?? [0, store.count - 1]
  const lines: string[] = []
  for (let line = from; line <= Math.min(to, store.count - 1); line++) {
    const time = withTimes ? `${view.clockAt(store.head(line).delta_ms)} ` : ''
    lines.push(time + store.text(line))
  }
  if (refused(await copyText(lines.join('\n')))) return
  toast(`Copied ${lines.length.toLocaleString('en')} lines.`)
}

export const copyLink = async ({ link }: Taken) => {
  if (refused(await copyText(`${location.href.split('#')[0]}#${link}`))) return
  toast('Copied a link to this place.')
}

export const download = async ({ deployment }: Taken, accept: string, extension: string) => {
  const path = `/api/v1/deployments/${encodeURIComponent(deployment.id)}/log`
  const ask = () => fetch(path, { headers: { Accept: accept }, credentials: 'same-origin' })
  try {
    let response = await ask()
    if (response.status === 401 && (await refresh())) response = await ask()
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    const link = document.createElement('a')
    link.href = URL.createObjectURL(await response.blob())
    link.download = `${deployment.project_name}-${deployment.id}.${extension}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  } catch (error) {
    toast(`The log could not be downloaded: ${(error as Error).message}.`, { bad: true })
  }
}
