import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'

import { accessCodeQuery } from '../api/queries'
import { Loading } from '../ui/Panel'
import { ProblemNotice } from './Broken'

// The code must not stay in this tab's history.
const replace = (url: string) => window.location.replace(url)

/** Asks for a code that lets the person who is signed in here visit `host`, and goes there. */
export function Passage({
  host,
  back,
  go = replace,
}: {
  host: string
  back: string
  go?: (url: string) => void
}) {
  const code = useQuery(accessCodeQuery(host, back))
  const url = code.data?.url
  useEffect(() => {
    if (url) go(url)
  }, [url, go])
  return code.error ? <ProblemNotice error={code.error} /> : <Loading rows={2} />
}
