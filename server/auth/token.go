package auth

import "supervisor/supervise"

// tokenPrefix begins every token, so that people and scanners of secrets see
// what they have found.
const tokenPrefix = "sup_"

// NewToken makes a secret of 256 random bits for a token, which keeps its hash.
// The secret is not kept anywhere.
func NewToken(token *supervise.Account) (secret string) {
	secret = tokenPrefix + newSecret()
	token.Token = hashOf(secret)
	return secret
}
