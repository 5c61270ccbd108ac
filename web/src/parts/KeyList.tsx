import { useState } from 'react'

import { Dialog } from '../ui/Dialog'
import { Switch } from '../ui/Field'
import { enableKeys, keysEnabled } from './keys'

const groups: [string, [string, string][]][] = [
  [
    'Everywhere',
    [
      ['Ctrl K', 'search and go'],
      ['?', 'this list'],
      ['n', 'new project'],
      ['g p', 'projects'],
      ['g t', 'access tokens'],
      ['g u', 'people'],
    ],
  ],
  [
    'In a project',
    [
      ['g o', 'overview'],
      ['g d', 'deployments'],
      ['g e', 'variables'],
      ['g s', 'settings'],
      ['r', 'redeploy'],
      ['Shift R', 'roll back'],
    ],
  ],
  [
    'In a log',
    [
      ['f', 'follow the end'],
      ['/', 'search'],
      ['n  p', 'next, previous match or error'],
      ['w', 'wrap lines'],
      ['t', 'times'],
      ['g g  G', 'top, end'],
      ['y', 'copy link to line'],
    ],
  ],
]

export default function KeyList({ onClose }: { onClose: () => void }) {
  const [on, setOn] = useState(keysEnabled())
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <div className="grid gap-6 sm:grid-cols-3">
        {groups.map(([name, keys]) => (
          <section key={name}>
            <h3 className="mb-2 text-[13px] text-muted">{name}</h3>
            <dl className="space-y-1.5">
              {keys.map(([key, what]) => (
                <div key={key} className="flex items-baseline gap-2">
                  <dt className="w-16 shrink-0">
                    <kbd className="rounded border border-line-strong bg-raised px-1.5 py-0.5 font-mono text-[12px]">
                      {key}
                    </kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className="mt-5 border-t border-line pt-4">
        <Switch
          label="Single-letter keys"
          hint="Off leaves only Ctrl K."
          checked={on}
          onChange={(next) => {
            enableKeys(next)
            setOn(next)
          }}
        />
      </div>
    </Dialog>
  )
}
