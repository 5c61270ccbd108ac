import { useMutation, useQuery } from '@tanstack/react-query'

import { providersQuery } from '../api/queries'
import { signInThere, type Trip } from '../provider'
import { Button } from '../ui/Button'
import { ProblemNotice } from './Broken'

/** One for each provider that people may sign in through; nothing where there is none. */
export function ProviderButtons({ verb, trip }: { verb: string; trip: Trip }) {
  const { data } = useQuery(providersQuery)
  const leave = useMutation({ mutationFn: (provider: string) => signInThere(provider, trip) })
  if (!data?.items.length) return null
  return (
    <div className="space-y-2">
      {data.items.map(({ id, name }) => (
        <Button
          key={id}
          size="large"
          icon="external"
          className="w-full"
          busy={leave.isPending && leave.variables === id}
          onClick={() => leave.mutate(id)}
        >
          {verb} {name}
        </Button>
      ))}
      {leave.error && <ProblemNotice error={leave.error} />}
    </div>
  )
}
