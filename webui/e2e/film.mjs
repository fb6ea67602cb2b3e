// Makes a moving picture of still ones: an APNG, which every browser of today shows
// and which others show the first picture of. The pictures are PNG of one size, as
// Chromium makes them.
import { crc32 } from 'node:zlib'

/**
 * Joins pictures, each with how long it is shown, in milliseconds. One that is the
 * same as the one before lengthens it. The film is shown over and over.
 */
export function film(stills) {
  const frames = []
  for (const { png, ms } of stills) {
    const last = frames.at(-1)
    if (last?.png.equals(png)) last.ms += ms
    else frames.push({ png, ms })
  }
  const out = [signature]
  let number = 0
  for (const [i, { png, ms }] of frames.entries()) {
    const chunks = chunksOf(png)
    const head = chunks.find(({ type }) => type === 'IHDR').data
    if (i === 0) out.push(chunk('IHDR', head), chunk('acTL', numbers(frames.length, 0)))
    const size = [head.readUInt32BE(0), head.readUInt32BE(4)]
    const pause = Buffer.alloc(6)
    pause.writeUInt16BE(Math.round(ms / 10), 0)
    pause.writeUInt16BE(100, 2)
    out.push(chunk('fcTL', Buffer.concat([numbers(number++, ...size, 0, 0), pause])))
    for (const { type, data } of chunks) {
      if (type !== 'IDAT') continue
      out.push(i === 0 ? chunk('IDAT', data) : chunk('fdAT', Buffer.concat([numbers(number++), data])))
    }
  }
  out.push(chunk('IEND', Buffer.alloc(0)))
  return Buffer.concat(out)
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

function chunksOf(png) {
  const chunks = []
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    chunks.push({
      type: png.toString('latin1', at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    })
    at += length + 12
  }
  return chunks
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  return Buffer.concat([numbers(data.length), body, numbers(crc32(body))])
}

function numbers(...values) {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4)
  return bytes
}
