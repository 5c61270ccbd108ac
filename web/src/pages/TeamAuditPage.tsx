import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'

import { teamsQuery } from '../api/queries'
import { AuditTable } from '../parts/AuditTable'
import { PageHead } from '../ui/Panel'

export default function TeamAuditPage() {
  const { team: slug } = useParams({ from: '/app/teams/$team/audit' })
  const { data } = useQuery(teamsQuery)
  const name = data?.items.find((each) => each.slug === slug || each.id === slug)?.name ?? slug
  return (
    <div className="max-w-6xl">
      <title>{`Audit log of ${name} · Berth`}</title>
      <PageHead title="Audit log" below={`Who did what in ${name} and its projects.`} />
      <AuditTable team={slug} />
    </div>
  )
}
