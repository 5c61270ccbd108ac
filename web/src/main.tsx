import './styles/app.css'

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { onSignedOut, Problem } from './api/client'
import { sessionQuery } from './api/queries'
import { makeRouter } from './routes'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the server answered is an answer; only silence and overload are tried again.
      retry: (count, error) =>
        error instanceof Problem && (error.status === 0 || error.status >= 502) && count < 3,
      retryDelay: (attempt) => Math.min(400 * 2 ** attempt, 3_000),
    },
  },
})

const router = makeRouter(client)

onSignedOut(() => {
  if (client.getQueryData(sessionQuery.queryKey) === null) return
  client.setQueryData(sessionQuery.queryKey, null)
  const next = location.pathname + location.search + location.hash
  void router.navigate({ to: '/login', search: { next } })
})

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
