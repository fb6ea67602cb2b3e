// Package config turns a configuration file into typed values.
package config
