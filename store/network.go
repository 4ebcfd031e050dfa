package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// BlockedNetwork is one from which nobody may sign in for a while (AA7.g).
type BlockedNetwork struct {
	Network netip.Prefix
	Until   time.Time
	Entry   int64 // says who blocked it
}

// ParseNetwork reads a network, in CIDR notation or as one address of it: what
// counts as one address is blocked as one (AA7.d).
func ParseNetwork(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return networkOf(address), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil || network != network.Masked() || network.Addr().Is4In6() {
		return netip.Prefix{}, errors.New("not a network: 192.0.2.0/24, 2001:db8::/48, 192.0.2.7")
	}
	if one := networkOf(network.Addr()); network.Bits() > one.Bits() {
		return one, nil
	}
	return network, nil
}

// BlockNetwork refuses sign-ins from a network for a while, in force at once on
// every process. It returns *Declined where the network is too wide or too narrow
// (reason network), or the time too long or too short (duration).
func (s *Store) BlockNetwork(ctx context.Context, req Request, network netip.Prefix, lasting time.Duration) error {
	return s.change(ctx, req, "block network", `SELECT guichet.block_network($1, $2, $3, $4, $5)`, network.String(), interval(lasting))
}

// UnblockNetwork ends that before its time. It returns *Declined where that very
// network is not blocked (absent).
func (s *Store) UnblockNetwork(ctx context.Context, req Request, network netip.Prefix) error {
	return s.change(ctx, req, "unblock network", `SELECT guichet.unblock_network($1, $2, $3, $4)`, network.String())
}

// ListBlockedNetworks returns the networks that are blocked now, the latest 200,
// latest first.
func (s *Store) ListBlockedNetworks(ctx context.Context, req Request) ([]BlockedNetwork, error) {
	d, err := s.readAlone(ctx, req, question{kind: "networks"})
	if err != nil {
		return nil, fmt.Errorf("list blocked networks: %w", err)
	}
	var list []BlockedNetwork
	for _, row := range d.rows {
		if row.Kind != "network" {
			continue
		}
		network, err := netip.ParsePrefix(text(row.Ground))
		if err != nil {
			return nil, fmt.Errorf("list blocked networks: %w", err)
		}
		list = append(list, BlockedNetwork{Network: network, Until: *row.At, Entry: row.Entry})
	}
	slices.SortFunc(list, func(a, b BlockedNetwork) int { return cmp.Compare(b.Entry, a.Entry) })
	return list, nil
}
