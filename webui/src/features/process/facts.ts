import type { Whole } from '../../text/words.svelte'
import type { Life } from '../../wire/wire.gen'

/** What else there is to say of a life that is over, beside how it ended. */
export function lifeFacts(t: Whole, life: Life): string[] {
  const started = `${t.past.started(t.format.moment(life.asked))}${life.again ? ` ${t.past.again}` : ''}`
  const cpu = life.cpuUser + life.cpuSystem
  return [
    life.pid > 0 ? t.past.lived(t.format.rough(life.uptime)) : t.past.noChild,
    started,
    life.tries > 1 ? t.past.tries(life.tries) : '',
    life.pid > 0 ? t.past.pid(life.pid) : '',
    life.pid > 0 && cpu >= 1000 ? t.past.cpu(t.format.rough(cpu)) : '',
    life.peak > 0 ? (life.peakAtMost ? t.past.peakAtMost : t.past.peak)(t.format.bytes(life.peak)) : '',
    life.missed ? t.past.missed(life.missed) : '',
  ].filter(Boolean)
}
