// Visitors of a Berth that is upgraded: they ask all the time, each in a way of its own, and count what
// did not come as it should. Configuration as JSON in the first argument; ends at the end of stdin and
// prints what it saw as one JSON object.

import dns from 'node:dns'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'

// A WebSocket takes its Host from its address, and a machine without /etc/hosts knows no localhost.
const lookup = dns.lookup
dns.lookup = (host, ...rest) => lookup(host === 'localhost' ? '127.0.0.1' : host, ...rest)

const config = JSON.parse(process.argv[2])
const seen = {}
let over = false

const kind = (name) =>
  (seen[name] ??= { asked: 0, bad: [], slowest_ms: 0, closes: 0, connections: 0 })

const unsent = 'not sent'

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks until the end; `ask` answers what was wrong, or nothing. */
const visit = async (name, ask, every = 2) => {
  const count = kind(name)
  while (!over) {
    const begin = performance.now()
    let wrong
    try {
      wrong = await ask(count)
    } catch (error) {
      wrong = `${error.code ?? ''} ${error.message}`
    }
    count.asked++
    if (wrong && count.bad.push(`${Math.round(begin)} ms: ${wrong}`) > 20) count.bad.length = 20
    count.slowest_ms = Math.max(count.slowest_ms, Math.round(performance.now() - begin))
    await pause(every)
  }
}

const answer = (module, options, body) =>
  new Promise((resolve, reject) => {
    const request = module.request(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece) => (text += piece))
      response.on('end', () => resolve({ status: response.statusCode, text, headers: response.headers }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.setTimeout(60_000, () => request.destroy(new Error('no answer within a minute')))
    request.end(body)
  })

const check = (count, reply, status, text) => {
  if (reply.headers?.connection === 'close') count.closes++
  if (reply.status !== status) return `status ${reply.status}: ${reply.text.slice(0, 200)}`
  return text !== undefined && reply.text !== text ? `another text: ${reply.text.slice(0, 80)}` : undefined
}

const site = (module, port, agent) => async (count) =>
  check(count, await answer(module, {
    host: '127.0.0.1', port, agent, path: '/', rejectUnauthorized: false,
    servername: config.host, headers: { host: `${config.host}:${port}` },
  }), 200, config.text)

const platform = (agent, method, path, body, more = {}) => answer(http, {
  host: '127.0.0.1', port: config.port, agent, method, path,
  headers: {
    host: `localhost:${config.port}`, authorization: `Bearer ${config.token}`,
    ...(body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}),
    ...more,
  },
}, body)

const health = (agent) => async (count) =>
  check(count, await platform(agent, 'GET', '/api/v1/instance/health'), 200)

/** Each write names the version that the one before made: one that is lost, or done twice, is seen. */
const writes = (agent) => {
  const path = `/api/v1/projects/${config.project}`
  let version
  let number = 0
  return async (count) => {
    version ??= (await platform(agent, 'GET', path)).headers.etag
    const body = JSON.stringify({ keep_sources: 1 + (number++ % 50) })
    const reply = await platform(agent, 'PATCH', path, body, { 'if-match': version })
    version = reply.headers.etag
    return check(count, reply, 200)
  }
}

/**
 * One stream at a time on a connection that is kept as long as its server lets it. A request that was
 * given to the library just as the goodbye came is refused by the library itself: it went to nobody, and
 * goes to the next connection (RFC 9113 §8.7). One that was sent has to be answered.
 */
const overHttp2 = () => {
  let session
  const ask = async (count) => {
    if (!session || session.closed || session.destroyed) {
      session = http2.connect(`https://127.0.0.1:${config.tls_port}`, {
        servername: config.host, rejectUnauthorized: false,
      })
      session.on('goaway', () => count.closes++)
      session.on('error', () => {}) // its streams say it too
      count.connections++
    }
    const stream = session.request({ ':path': '/', ':authority': `${config.host}:${config.tls_port}` })
    return new Promise((resolve) => {
      let status = 0
      let text = ''
      let sent = true
      stream.setEncoding('utf8')
      stream.on('frameError', () => (sent = false))
      stream.on('response', (headers) => (status = headers[':status']))
      stream.on('data', (piece) => (text += piece))
      stream.on('error', (error) => resolve(sent ? `${error.code} ${error.message}` : unsent))
      stream.on('close', () => resolve(check(count, { status, text }, 200, config.text)))
    })
  }
  return async (count) => {
    const wrong = await ask(count)
    if (wrong !== unsent) return wrong
    count.unsent = (count.unsent ?? 0) + 1
    return ask(count)
  }
}

/** Follows a log like the dashboard: from the line that it needs next, again whenever it was cut. */
const followSocket = async () => {
  const log = (seen.socket = { lines: [], codes: [], wrong: [], ended: false })
  while (!over && !log.ended) {
    await new Promise((resolve) => {
      const socket = new WebSocket(
        `ws://localhost:${config.port}/api/v1/deployments/${config.deployment}/log?after=${log.lines.length}`,
        { protocols: 'berth.log.v1', headers: { authorization: `Bearer ${config.token}` } },
      )
      socket.binaryType = 'arraybuffer'
      socket.onmessage = ({ data }) => {
        const view = new DataView(data)
        const type = view.getUint8(1)
        let number = Number(view.getBigUint64(8, true))
        if (type === 5) log.ended = true
        if (type === 1) {
          let at = 16
          for (let left = view.getUint32(4, true); left > 0; left--, number++) {
            const length = view.getUint32(at + 8, true)
            const text = new TextDecoder().decode(new Uint8Array(data, at + 12, length))
            if (number !== log.lines.length) log.wrong.push(`${number} after ${log.lines.length}`)
            log.lines.push(text)
            at += 12 + length
          }
        }
        socket.send(JSON.stringify({ type: 'ack', bytes: data.byteLength }))
      }
      socket.onclose = ({ code }) => {
        log.codes.push(code)
        resolve()
      }
      socket.onerror = () => {}
    })
    await pause(50)
  }
}

/** The same by server-sent events. */
const followEvents = async () => {
  const log = (seen.events = { lines: [], ends: 0, wrong: [], ended: false })
  while (!over && !log.ended) {
    await new Promise((resolve) => {
      const request = http.get({
        host: '127.0.0.1', port: config.port, agent: false,
        path: `/api/v1/deployments/${config.deployment}/log?after=${log.lines.length}`,
        headers: { host: `localhost:${config.port}`, accept: 'text/event-stream', authorization: `Bearer ${config.token}` },
      }, (response) => {
        let text = ''
        if (response.statusCode !== 200) log.wrong.push(`status ${response.statusCode}`)
        response.setEncoding('utf8')
        response.on('data', (piece) => {
          text += piece
          for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
            const event = text.slice(0, end)
            if (event.startsWith('event: end')) log.ended = true
            if (!event.startsWith('event: lines')) continue
            const { first, lines } = JSON.parse(event.slice(event.indexOf('data: ') + 6))
            if (first !== log.lines.length) log.wrong.push(`${first} after ${log.lines.length}`)
            for (const line of lines) log.lines.push(line[4])
          }
        })
        response.on('end', () => {
          if (text) log.wrong.push('cut within an event')
          log.ends++
          resolve()
        })
        response.on('error', (error) => {
          log.wrong.push(`${error.code} ${error.message}`)
          resolve()
        })
      })
      request.on('error', (error) => {
        log.wrong.push(`${error.code} ${error.message}`)
        resolve()
      })
    })
    await pause(50)
  }
}

const kept = (module) => new module.Agent({ keepAlive: true, maxSockets: 1 })
const work = [
  ...Array.from({ length: 3 }, () => visit('kept', site(http, config.port, kept(http)))),
  ...Array.from({ length: 2 }, () => visit('new', site(http, config.port, new http.Agent()))),
  visit('seldom', site(http, config.port, kept(http)), 1_500),
  visit('tls_kept', site(https, config.tls_port, kept(https))),
  visit('tls_new', site(https, config.tls_port, new https.Agent({ maxCachedSessions: 0 })), 20),
  ...Array.from({ length: 2 }, () => visit('h2', overHttp2())),
  visit('api_get', health(kept(http)), 5),
  visit('api_patch', writes(kept(http)), 20),
  followSocket(),
  followEvents(),
]
process.stdin.resume()
process.stdin.on('end', () => (over = true))
await Promise.all(work.slice(0, -2))
process.stdout.write(JSON.stringify(seen), () => process.exit(0))
