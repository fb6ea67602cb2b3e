interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): {
    createScriptURL(url: string): string
  }
}

/**
 * Brings the worker. The content policy lets no text be a script's address, except
 * by a rule that says which. A browser that will not have it (a certificate it does
 * not know, a private window) shows the page as well without.
 */
export async function register(base: string): Promise<void> {
  const script = new URL('sw.js', base).href
  const { trustedTypes } = window as { trustedTypes?: Policies }
  const policy = trustedTypes?.createPolicy('supervisor-worker', { createScriptURL: () => script })
  try {
    await navigator.serviceWorker.register(policy?.createScriptURL(script) ?? script, { scope: base })
  } catch (refusal) {
    console.info('the page goes without its worker:', refusal)
  }
}
