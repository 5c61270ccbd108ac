import { readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { WebSocketServer } from 'ws'

import { answer, Refusal } from './api'
import { streamEvents, streamSocket } from './logs'
import { World } from './world'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** The policy of the real server (src/api/web.cpp), so that what breaks there breaks here. */
const policy = (host: string) =>
  `default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; manifest-src 'self'; connect-src 'self' ws://${host}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

export interface Mock {
  port: number
  world: World
  /** Refuse WebSocket upgrades, as some proxies do. */
  refuseSockets: boolean
  /** Drop every log connection now. */
  dropSockets: () => void
  close: () => Promise<void>
}

/** The names in a stream of blobs. */
const blobsOf = (stream: Buffer) => {
  const names: string[] = []
  for (let at = 0; at < stream.length; ) {
    const name = stream.toString('latin1', at + 2, at + 2 + stream.readUInt16LE(at))
    names.push(name)
    at += 2 + name.length + 8 + Number(stream.readBigUInt64LE(at + 2 + name.length))
  }
  return names
}

const readBody = async (request: IncomingMessage) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  if (request.headers['content-type'] === 'application/octet-stream')
    return { blobs: blobsOf(Buffer.concat(chunks)) }
  const text = Buffer.concat(chunks).toString()
  return text ? (JSON.parse(text) as Record<string, unknown>) : {}
}

const sendFile = (response: ServerResponse, dist: string, path: string, host: string) => {
  let file = join(dist, normalize(path))
  try {
    if (!statSync(file).isFile()) file = join(dist, 'index.html')
  } catch {
    file = join(dist, 'index.html')
  }
  response.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Security-Policy': policy(host),
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(readFileSync(file))
}

/** A Berth without Berth: the API of types.ts from memory, and the built dashboard. */
export const startMock = async (options: {
  port?: number
  dist: string
  fresh?: boolean
}): Promise<Mock> => {
  const world = new World()
  if (options.fresh) world.set_up = false
  else world.fill()

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const host = request.headers.host ?? 'localhost'
    const url = new URL(request.url ?? '/', `http://${host}`)
    if (!url.pathname.startsWith('/api/'))
      return sendFile(response, options.dist, url.pathname, host)
    const log = /^\/api\/v1\/deployments\/([^/]+)\/log$/.exec(url.pathname)
    if (log) return sendLog(request, response, log[1]!, Number(url.searchParams.get('after') ?? 0))
    if (url.pathname === '/api/v1/events') return sendEvents(response)
    try {
      const reply = answer(world, request, url, await readBody(request))
      response.writeHead(reply.status ?? 200, {
        ...(reply.body !== undefined && { 'Content-Type': 'application/json' }),
        ...(reply.etag && { ETag: reply.etag }),
        ...(reply.cookie && { 'Set-Cookie': reply.cookie }),
        'Cache-Control': 'no-store',
      })
      response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      response.writeHead(error.status, { 'Content-Type': 'application/problem+json' })
      const { status, code, message: detail, errors } = error
      response.end(JSON.stringify({ title: detail, status, code, detail, errors, next: [] }))
    }
  }

  const sendLog = (
    request: IncomingMessage,
    response: ServerResponse,
    deployment: string,
    after: number,
  ) => {
    const found = world.run(deployment)
    if (!found) {
      response.writeHead(404).end()
      return
    }
    if (request.headers.accept?.includes('text/event-stream'))
      return streamEvents(response, found.run, after)
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
    response.end(`${found.run.lines.map((line) => line.text).join('\n')}\n`)
  }

  const sendEvents = (response: ServerResponse) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write(': hello\n\n')
    const listener = (event: unknown) => response.write(`data: ${JSON.stringify(event)}\n\n`)
    world.listeners.add(listener)
    response.on('close', () => world.listeners.delete(listener))
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error) => {
      console.error(error)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const mock: Mock = {
    port: 0,
    world,
    refuseSockets: false,
    dropSockets: () => {
      for (const socket of sockets.clients) socket.terminate()
    },
    close: () =>
      new Promise((resolve) => {
        mock.dropSockets()
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const log = /^\/api\/v1\/deployments\/([^/]+)\/log$/.exec(url.pathname)
    const found = log && world.run(log[1]!)
    if (mock.refuseSockets || (!found && url.pathname !== '/api/v1/events')) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      if (found) return streamSocket(client, found.run, Number(url.searchParams.get('after') ?? 0))
      const listener = (event: unknown) => client.send(JSON.stringify(event))
      world.listeners.add(listener)
      client.on('close', () => world.listeners.delete(listener))
    })
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  mock.port = (server.address() as AddressInfo).port
  return mock
}
