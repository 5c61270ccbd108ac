/** Makes two spellings of one answer equal: what browsers would ask next, decoded. */
import { address, compact, origin } from './words.mjs'

export function decoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** "301 /b%41?x#f" → the address that it leads to, its path decoded. */
export function location(decision) {
  const text = decision.slice(decision.indexOf(' ') + 1)
  let url
  try {
    url = new URL(text, origin)
  } catch {
    return text
  }
  return (
    url.origin +
    decoded(compact(url.pathname)) +
    decoded(url.search.replaceAll('+', ' ')) +
    decoded(url.hash)
  )
}

/** A decision with its address made comparable. */
export function locations(decision) {
  const redirects = /^(3\d\d|proxy) /.test(decision)
  return redirects ? decision.slice(0, decision.indexOf(' ') + 1) + location(decision) : decision
}

/** Whether a redirect leads to the address that was asked. */
export function leadsBack(ask, decision) {
  if (!/^3\d\d (?!\/\/)/.test(decision)) return false
  const asked = address(ask.url)
  const to = new URL(decision.slice(4).replace(/#.*/, ''), asked)
  return location('301 ' + to.href) === location('301 ' + asked.href)
}

/** The words of the line in `_redirects` that decided; none: no line did. */
export function decidedBy(site, answer) {
  const line = answer.line ? site.files._redirects?.split('\n')[answer.line - 1] : undefined
  return line?.trim().split(/\s+/) ?? []
}
