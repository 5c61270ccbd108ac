import { useSearch } from '@tanstack/react-router'

import { Door } from '../parts/Door'
import { Passage } from '../parts/Passage'
import { pages } from '../paths'

/**
 * Where a protected site sends its visitors to sign in: whoever is signed in here, and belongs to
 * the project, goes back with a code that lets them in.
 */
export default function AccessPage() {
  const { host, return: back } = useSearch({ from: pages.access })
  return (
    <Door title="Visit a protected site" below={host}>
      <title>Visit a protected site · Berth</title>
      <Passage host={host ?? ''} back={back ?? '/'} />
    </Door>
  )
}
