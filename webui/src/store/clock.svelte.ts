/**
 * The time of the server, once a second. Everything that counts up or down on
 * the page reads it, so nothing has to be sent for that; it stands still while
 * the page is not connected, because what it shows is then the past.
 */
export class ServerClock {
  now = $state(0)
  private timer: ReturnType<typeof setInterval> | undefined

  constructor(private readonly skew: () => number) {
    this.now = Date.now() + skew()
  }

  run(): void {
    this.tick()
    this.timer ??= setInterval(() => this.tick(), 1000)
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private tick(): void {
    this.now = Date.now() + this.skew()
  }
}
