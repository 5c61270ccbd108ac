import { useQuery } from '@tanstack/react-query'

import { projectQuery } from '../api/queries'
import { isEnd } from '../api/states'

/** Polls while something runs and no event would say so. */
export const useProject = (name: string) =>
  useQuery({
    ...projectQuery(name),
    refetchInterval: (query) => {
      const latest = query.state.data?.data.latest
      return latest && !isEnd(latest.state) ? 4_000 : false
    },
  })
