// What the API and the browser's WebAuthn say to one another: base64url there, bytes here.

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0))
}

export const textOf = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** Not over http to another machine, and not in old browsers. */
export const hasPasskeys = () => typeof PublicKeyCredential === 'function'

export interface Wish {
  challenge: string
  rp_id: string
  user_id: string
  user_name: string
  exclude: string[]
}

/** Asks the authenticator for a new passkey; null when the person changed their mind. */
export const makePasskey = async (wish: Wish) => {
  const made = (await navigator.credentials.create({
    publicKey: {
      challenge: bytesOf(wish.challenge),
      rp: { id: wish.rp_id, name: 'Berth' },
      user: { id: bytesOf(wish.user_id), name: wish.user_name, displayName: wish.user_name },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key' as const, alg })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
      excludeCredentials: wish.exclude.map((id) => ({ type: 'public-key', id: bytesOf(id) })),
    },
  })) as PublicKeyCredential | null
  if (!made) return null
  const response = made.response as AuthenticatorAttestationResponse
  return {
    client_data: textOf(response.clientDataJSON),
    authenticator_data: textOf(response.getAuthenticatorData()),
  }
}

/** Signs in with a passkey that the authenticator has for this site. */
export const askPasskey = async (question: { challenge: string; rp_id: string }) => {
  const used = (await navigator.credentials.get({
    publicKey: {
      challenge: bytesOf(question.challenge),
      rpId: question.rp_id,
      userVerification: 'required',
    },
  })) as PublicKeyCredential | null
  if (!used) return null
  const response = used.response as AuthenticatorAssertionResponse
  return {
    credential: textOf(used.rawId),
    client_data: textOf(response.clientDataJSON),
    authenticator_data: textOf(response.authenticatorData),
    signature: textOf(response.signature),
  }
}

/** Closed, timed out, or already there: what the browser throws then says nothing to people. */
export const wordsOf = (error: unknown) =>
  error instanceof DOMException
    ? error.name === 'InvalidStateError'
      ? 'This device has a passkey for you already.'
      : 'No passkey came: it was canceled, or took too long.'
    : error instanceof Error
      ? error.message
      : String(error)
