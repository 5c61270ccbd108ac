import { useQuery } from '@tanstack/react-query'

import { sessionQuery } from '../api/queries'
import { TextField } from '../ui/Field'

/** What asks for the password again. Who has none must have signed in just now: the server says so. */
export function OwnPassword({ error, autoFocus }: { error?: string; autoFocus?: boolean }) {
  const { data: session } = useQuery(sessionQuery)
  if (session?.has_password === false) return <input type="hidden" name="password" value="" />
  return (
    <TextField
      label="Your password"
      name="password"
      type="password"
      required
      autoFocus={autoFocus}
      autoComplete="current-password"
      error={error}
    />
  )
}
