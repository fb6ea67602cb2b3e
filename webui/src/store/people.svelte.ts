import { ApiError, type Client } from '../api/client'
import type { Account, AccountRequest, NewToken, Session, TokenRequest } from '../wire/wire.gen'

/** Who may come in, by what, and who has. */
export class People {
  phase = $state<'loading' | 'ready' | 'forbidden' | 'failed'>('loading')
  users = $state.raw<Account[]>([])
  tokens = $state.raw<Account[]>([])
  sessions = $state.raw<Session[]>([])
  /** Whether accounts can be written here at all. */
  editable = $state(false)
  /** Why the lists could not be had. */
  error = $state.raw<ApiError | undefined>(undefined)

  constructor(private readonly client: Client) {}

  /** Reads all lists; those on the page stay until then. */
  async load(): Promise<void> {
    try {
      const [users, tokens, sessions] = await Promise.all([
        this.client.users(),
        this.client.tokens(),
        this.client.sessions(true),
      ])
      this.users = users.accounts
      this.tokens = tokens.accounts
      this.sessions = sessions.sessions
      this.editable = users.editable
      this.phase = 'ready'
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
      this.phase = error.status === 403 ? 'forbidden' : 'failed'
    }
  }

  /**
   * Writes a person down, new or known; throws what the server has against it. If others have changed them
   * meanwhile, the list is read anew first, so that who looks again sees that.
   */
  async saveUser(name: string, account: AccountRequest): Promise<void> {
    try {
      await this.client.putUser(name, account)
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) await this.load()
      throw error
    }
    await this.load()
  }

  async removeUser(name: string): Promise<void> {
    await this.client.removeUser(name)
    await this.load()
  }

  /** Makes a token; it is told this once. */
  async makeToken(token: TokenRequest): Promise<NewToken> {
    const made = await this.client.makeToken(token)
    await this.load()
    return made
  }

  async removeToken(name: string): Promise<void> {
    await this.client.removeToken(name)
    await this.load()
  }

  async endSession(id: string): Promise<void> {
    await this.client.endSession(id)
    await this.load()
  }
}

/** The words of a list as people type it: parted by commas or blanks. */
export function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}
