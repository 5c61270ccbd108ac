// The way to a sign-in provider and back. What this browser wanted there stays in the tab; nothing of it is in
// an address, so no link can send anybody anywhere.

import { call } from './api/client'
import type { ProviderPlace } from './api/types'

export interface Trip {
  /** Links an account, and does not sign in. */
  link?: boolean
  /** Where to go on afterwards, on this dashboard. */
  next?: string
  /** The secret of an invitation that makes the account. */
  invitation?: string
}

const key = 'berth-provider'

const leave = async (trip: Trip, place: Promise<ProviderPlace>) => {
  const { url } = await place
  sessionStorage.setItem(key, JSON.stringify(trip))
  location.assign(url)
}

export const signInThere = (provider: string, trip: Trip) =>
  leave(
    trip,
    call<ProviderPlace>(`/auth/providers/${encodeURIComponent(provider)}/begin`, {
      method: 'POST',
      anonymous: true,
      body: {},
    }),
  )

export const linkThere = (provider: string, password: string) =>
  leave(
    { link: true },
    call<ProviderPlace>('/auth/identities', { method: 'POST', body: { provider, password } }),
  )

/** What was wanted when the browser left; an empty wish when this tab knows of none. */
export const tripOf = (stored = sessionStorage.getItem(key)): Trip => {
  try {
    const trip: unknown = JSON.parse(stored ?? '{}')
    return trip && typeof trip === 'object' ? (trip as Trip) : {}
  } catch {
    return {}
  }
}

export const endTrip = () => sessionStorage.removeItem(key)

/** What a provider came back with, out of the address. */
export const returnOf = (search: string) => {
  const at = new URLSearchParams(search)
  return {
    state: at.get('state') ?? '',
    code: at.get('code') ?? '',
    issuer: at.get('iss'),
    error: at.get('error'),
  }
}
