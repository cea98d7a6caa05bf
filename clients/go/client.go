// SPDX-License-Identifier: Apache-2.0

// Package devmapd is the Go client of devmapd: addresses, tokens, errors and watches around the generated calls of devmapdv1.
package devmapd

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// DefaultAddress is the unix socket of a daemon of this host.
const DefaultAddress = "unix:/run/devmapd/devmapd.sock"

// Options are the options of a Client. The zero value is good.
type Options struct {
	Token       string            // the secret of a token, which every call carries; root needs none on the unix socket
	TLS         *tls.Config       // for https addresses: authorities, and a certificate of the client; nil for those of the system
	Deadline    time.Duration     // of calls whose context has none; 0 for 30 s, negative for none. A call that waits has longer
	Retry       Retry             // the zero value for DefaultRetry
	DialOptions []grpc.DialOption // more options of gRPC
}

// Client is a connection to a daemon. Goroutines may share it.
type Client struct {
	Services
	conn  *grpc.ClientConn
	retry Retry
}

// Connect makes a client; it connects with its first call.
// The address is unix:PATH, http://HOST:PORT or https://HOST:PORT.
func Connect(address string, options Options) (*Client, error) {
	if options.Deadline == 0 {
		options.Deadline = 30 * time.Second
	}
	if options.Retry == (Retry{}) {
		options.Retry = DefaultRetry
	}
	dial := []grpc.DialOption{
		grpc.WithUnaryInterceptor(options.intercept),
		grpc.WithStreamInterceptor(interceptStream),
		// A host that vanishes without a word is noticed by pings.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{BaseDelay: options.Retry.FirstDelay, Multiplier: 2, Jitter: 0.2, MaxDelay: options.Retry.LongestDelay},
		}),
	}
	if options.Token != "" {
		dial = append(dial, grpc.WithPerRPCCredentials(bearer(options.Token)))
	}
	target, transport, err := target(address, options.TLS)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.Dial(target, append(append(dial, transport...), options.DialOptions...)...)
	if err != nil {
		return nil, err
	}
	return &Client{Services: newServices(conn), conn: conn, retry: options.Retry}, nil
}

// Conn returns the connection, for generated clients that Services does not have.
func (c *Client) Conn() *grpc.ClientConn { return c.conn }

// Close closes the connection.
func (c *Client) Close() error { return c.conn.Close() }

func target(address string, config *tls.Config) (string, []grpc.DialOption, error) {
	switch {
	case strings.HasPrefix(address, "unix:"):
		path := strings.TrimPrefix(strings.TrimPrefix(address, "unix:"), "//")
		dialer := func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
		return "passthrough:///localhost", []grpc.DialOption{grpc.WithInsecure(), grpc.WithContextDialer(dialer)}, nil
	case strings.HasPrefix(address, "http://"):
		return strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/"), []grpc.DialOption{grpc.WithInsecure()}, nil
	case strings.HasPrefix(address, "https://"):
		if config == nil {
			config = &tls.Config{}
		}
		secure := grpc.WithTransportCredentials(credentials.NewTLS(config.Clone()))
		return strings.TrimSuffix(strings.TrimPrefix(address, "https://"), "/"), []grpc.DialOption{secure}, nil
	}
	return "", nil, fmt.Errorf("devmapd: %q is not unix:PATH, http://HOST:PORT or https://HOST:PORT", address)
}

// bearer sends a token with every call, also over loopback without TLS.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }
