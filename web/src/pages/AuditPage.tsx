import { useMutation } from '@tanstack/react-query'

import { call } from '../api/client'
import type { AuditVerdict } from '../api/types'
import { AuditTable } from '../parts/AuditTable'
import { ProblemNotice } from '../parts/Broken'
import { Button } from '../ui/Button'
import { Notice } from '../ui/Notice'
import { PageHead } from '../ui/Panel'

export default function AuditPage() {
  const check = useMutation({ mutationFn: () => call<AuditVerdict>('/audit/verification') })
  return (
    <div className="max-w-6xl">
      <title>Audit log · Berth</title>
      <PageHead
        title="Audit log"
        below="Who did what on this Berth. Each row carries the hash of the one before."
        actions={
          <Button icon="check" busy={check.isPending} onClick={() => check.mutate()}>
            Check the chain
          </Button>
        }
      />
      <div className="mb-4">
        {check.error && <ProblemNotice error={check.error} />}
        {check.data && <Verdict verdict={check.data} />}
      </div>
      <AuditTable />
    </div>
  )
}

function Verdict({ verdict }: { verdict: AuditVerdict }) {
  if (!verdict.intact)
    return (
      <Notice tone="bad" title={`Row ${verdict.at} is ${verdict.fault}.`}>
        The log is not as it was written from there on.
      </Notice>
    )
  return (
    <Notice tone="ok" title={`${verdict.rows} rows are as they were written.`}>
      Note the last hash elsewhere: <code className="font-mono break-all">{verdict.last_hash}</code>
    </Notice>
  )
}
