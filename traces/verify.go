package traces

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Leaf is what stands at a place of the log.
type Leaf struct {
	ID      int64     // of the entry, where it is told apart from its bytes; else 0
	Bytes   []byte    // of the entry; nil where its content was purged
	Context []byte    // nil where it was not told
	Purged  tlog.Hash // where Bytes is nil
	Altered bool      // the columns of the row do not say what its bytes say
}

// hash is what the tree has of a leaf.
func (l Leaf) hash() tlog.Hash {
	if l.Bytes == nil {
		return l.Purged
	}
	return tlog.RecordHash(l.Bytes)
}

// Source is a log that can be verified: a database, or an export.
type Source interface {
	// Checkpoint returns the signed checkpoint up to which there are leaves.
	Checkpoint(ctx context.Context) ([]byte, error)
	// Leaves calls visit for each leaf in the order of places, from the first to
	// the last below the checkpoint's size.
	Leaves(ctx context.Context, visit func(Leaf) error) error
	// Gaps returns the ids that no entry has, as pairs of first and last; ok is
	// false where the source does not tell.
	Gaps(ctx context.Context) (gaps [][2]int64, ok bool, err error)
	// Tiles returns the stored tiles of a level, a full one after the other and the
	// last partial one, from a number on; none where the source has no tiles.
	Tiles(ctx context.Context, level int, from int64, most int) ([]Tile, error)
	// Checkpoints returns the signed checkpoints that were kept on the way.
	Checkpoints(ctx context.Context) ([][]byte, error)
	// Purges returns what was purged, by place.
	Purges(ctx context.Context) ([]Purge, error)
}

// Purge is a run of the purge on some places: the entry that it left, and which
// of the places lost their content.
type Purge struct {
	Entry  int64  `json:"entry" db:"entry"`
	First  int64  `json:"first" db:"first"`   // the first place of a segment
	Purged []byte `json:"purged" db:"purged"` // a bit for each of its places, the lowest first
}

// Broken is the first place at which a log is not what it was.
type Broken struct {
	Place int64  // -1 where it is no single place
	Entry int64  // its id; 0 where it is not known
	What  string // what is wrong, in French: the trace officer reads it
}

func (b *Broken) Error() string {
	switch {
	case b.Place >= 0 && b.Entry > 0:
		return fmt.Sprintf("place %d, trace %d : %s", b.Place, b.Entry, b.What)
	case b.Place >= 0:
		return fmt.Sprintf("place %d : %s", b.Place, b.What)
	}
	return b.What
}

// Report is what a verification found to be intact.
type Report struct {
	Size        int64
	Root        tlog.Hash
	At          time.Time // of the checkpoint
	Purged      int64     // places whose content was purged, as the log itself says
	Missing     int64     // ids that no entry has
	Checkpoints int       // earlier ones that agree, those given among them
}

// Verify goes through a whole log: every entry is what its signed checkpoint says,
// and so it was at every earlier checkpoint, those given and those that the
// source kept. It needs no secret. The error is a *Broken that names the first
// place that is not as it was, or another error where it could not tell.
func Verify(ctx context.Context, source Source, verifier note.Verifier, earlier ...[]byte) (*Report, error) {
	v := &verification{source: source, verifier: verifier}
	if err := v.begin(ctx, earlier); err != nil {
		return nil, err
	}
	if err := source.Leaves(ctx, func(l Leaf) error { return v.leaf(ctx, l) }); err != nil {
		return nil, err
	}
	if err := v.end(ctx); err != nil {
		return nil, err
	}
	return &v.report, nil
}

// verification is one on its way.
type verification struct {
	source   Source
	verifier note.Verifier
	report   Report
	head     Checkpoint

	earlier []Checkpoint // that still have to agree, by size
	gaps    [][2]int64   // that are still ahead
	gapless bool         // the source does not tell of gaps

	tree   Tree
	stored map[int]*storedTiles // of each level, as far as they were read
	lastID int64

	purges map[int64]*[]Purge // by segment
	purged map[int64][]byte   // by entry of a purge: what it must have said
	said   map[int64][32]byte // by entry of a purge: what it said
}

// storedTiles are tiles of one level, read ahead.
type storedTiles struct {
	ahead []Tile
	none  bool // the source has none at all
}

func broken(place, entry int64, format string, args ...any) error {
	return &Broken{Place: place, Entry: entry, What: fmt.Sprintf(format, args...)}
}

func (v *verification) begin(ctx context.Context, earlier [][]byte) error {
	signed, err := v.source.Checkpoint(ctx)
	if err != nil {
		return err
	}
	if len(signed) == 0 {
		if len(earlier) > 0 {
			return broken(-1, 0, "le journal est vide, et un point de contrôle antérieur ne l'est pas")
		}
		return errors.New("nothing to verify: the log has no checkpoint yet")
	}
	if v.head, err = OpenCheckpoint(signed, v.verifier); err != nil {
		return broken(-1, 0, "son point de contrôle n'est pas signé de cette clé, ou n'en est pas un")
	}
	kept, err := v.source.Checkpoints(ctx)
	if err != nil {
		return err
	}
	for i, signed := range slices.Concat(earlier, kept) {
		c, err := OpenCheckpoint(signed, v.verifier)
		if err != nil {
			if i < len(earlier) {
				return broken(-1, 0, "un point de contrôle antérieur n'est pas signé de cette clé, ou n'en est pas un")
			}
			return broken(-1, 0, "un point de contrôle conservé n'est pas signé de cette clé, ou n'en est pas un")
		}
		if c.Size > v.head.Size {
			return broken(v.head.Size, 0, "le journal finit là, et un point de contrôle du %s avait %d traces : la fin a été coupée, ou une copie plus ancienne remise", c.At.Format(time.DateTime), c.Size)
		}
		v.earlier = append(v.earlier, c)
	}
	slices.SortStableFunc(v.earlier, func(a, b Checkpoint) int { return int(min(max(a.Size-b.Size, -1), 1)) })
	v.stored = make(map[int]*storedTiles)
	gaps, told, err := v.source.Gaps(ctx)
	v.gaps, v.gapless = gaps, !told
	if err != nil {
		return err
	}
	return v.readPurges(ctx)
}

func (v *verification) readPurges(ctx context.Context) error {
	purges, err := v.source.Purges(ctx)
	if err != nil {
		return err
	}
	v.purges, v.purged, v.said = make(map[int64]*[]Purge), make(map[int64][]byte), make(map[int64][32]byte)
	for _, p := range purges {
		segment := p.First / tileWidth
		if v.purges[segment] == nil {
			v.purges[segment] = new([]Purge)
		}
		*v.purges[segment] = append(*v.purges[segment], p)
		v.purged[p.Entry] = append(v.purged[p.Entry], p.Bytes()...)
	}
	return nil
}

// Bytes is what the entry of a purge has the hash of, one segment after the
// other.
func (p Purge) Bytes() []byte {
	return fmt.Appendf(nil, "%d %x\n", p.First, p.Purged)
}

// Covers says whether the purge took the content at a place.
func (p Purge) Covers(place int64) bool {
	bit := place - p.First
	return bit >= 0 && bit < int64(8*len(p.Purged)) && p.Purged[bit/8]&(1<<(bit%8)) != 0
}

func (v *verification) leaf(ctx context.Context, l Leaf) error {
	place := v.tree.Size()
	if err := v.agrees(); err != nil { // with the checkpoints of just this size
		return err
	}
	id, err := v.content(place, l)
	if err != nil {
		return err
	}
	if err := v.numbered(place, id); err != nil {
		return err
	}
	hash := l.hash()
	stored, err := v.storedHash(ctx, place)
	if err != nil {
		return err
	}
	if stored != nil && !bytes.Equal(stored, hash[:]) {
		return broken(place, id, "la trace n'est pas celle qui a reçu cette place")
	}
	for _, tile := range v.tree.Append(hash[:]) {
		if len(tile.Hashes) == tileWidth*tlog.HashSize {
			if err := v.matchesStored(ctx, tile); err != nil {
				return err
			}
		}
	}
	return nil
}

// content looks at what an entry says, and returns its id where that is known.
func (v *verification) content(place int64, l Leaf) (int64, error) {
	if l.Bytes == nil {
		v.report.Purged++
		covered := false
		if purges := v.purges[place/tileWidth]; purges != nil {
			covered = slices.ContainsFunc(*purges, func(p Purge) bool { return p.Covers(place) })
		}
		if !covered {
			return l.ID, broken(place, l.ID, "la trace a disparu, et aucune purge ne dit l'avoir prise")
		}
		return l.ID, nil
	}
	e, err := ParseEntry(l.Bytes)
	if err != nil {
		return l.ID, broken(place, l.ID, "la trace ne se lit pas")
	}
	if l.ID != 0 && l.ID != e.ID {
		return l.ID, broken(place, l.ID, "la trace dit porter le numéro %d", e.ID)
	}
	if l.Altered {
		return e.ID, broken(place, e.ID, "les colonnes de la ligne ne disent pas ce qui a été scellé")
	}
	if l.Context != nil {
		if sha256.Sum256(l.Context) != e.Context {
			return e.ID, broken(place, e.ID, "l'origine de la trace a été changée")
		}
		if _, err := ParseContext(l.Context); err != nil {
			return e.ID, broken(place, e.ID, "l'origine de la trace ne se lit pas")
		}
	}
	if e.Type == TracePurge && e.Outcome == "granted" {
		if v.said == nil {
			v.said = make(map[int64][32]byte)
		}
		v.said[e.ID] = e.After
	}
	return e.ID, nil
}

// numbered compares an id with the gaps: ids rise, and those that are passed
// over are those that were passed over when the place was given.
func (v *verification) numbered(place, id int64) error {
	if id == 0 { // purged, in an export
		v.lastID++
		return nil
	}
	if id <= v.lastID {
		return broken(place, id, "son numéro ne suit pas celui d'avant, %d", v.lastID)
	}
	if !v.gapless {
		next := v.lastID + 1
		if len(v.gaps) > 0 && v.gaps[0][0] == next {
			v.report.Missing += v.gaps[0][1] - next + 1
			next = v.gaps[0][1] + 1
			v.gaps = v.gaps[1:]
		}
		if id != next {
			return broken(place, id, "la trace à cette place portait le numéro %d", next)
		}
	}
	v.lastID = id
	return nil
}

// agrees compares the tree so far with the earlier checkpoints of its size.
func (v *verification) agrees() error {
	for len(v.earlier) > 0 && v.earlier[0].Size == v.tree.Size() {
		c := v.earlier[0]
		v.earlier = v.earlier[1:]
		root, err := v.tree.Root()
		if err != nil {
			return err
		}
		if root != c.Root {
			return broken(-1, 0, "les %d premières traces ne sont pas celles du point de contrôle du %s : l'une d'elles a été changée depuis, et toutes les empreintes avec elle", c.Size, c.At.Format(time.DateTime))
		}
		v.report.Checkpoints++
	}
	return nil
}

// readAhead is how many tiles are asked for at once.
const readAhead = 64

// storedHash returns what the stored tiles have of a place, or nil where the
// source has no tiles.
func (v *verification) storedHash(ctx context.Context, place int64) ([]byte, error) {
	tile, err := v.storedTile(ctx, 0, place/tileWidth)
	if tile == nil || err != nil {
		return nil, err
	}
	at := int(place%tileWidth) * tlog.HashSize
	if at+tlog.HashSize > len(tile.Hashes) {
		return nil, broken(place, 0, "son empreinte manque")
	}
	return tile.Hashes[at : at+tlog.HashSize], nil
}

func (v *verification) storedTile(ctx context.Context, level int, number int64) (*Tile, error) {
	s := v.stored[level]
	if s == nil {
		s = &storedTiles{}
		v.stored[level] = s
	}
	for len(s.ahead) > 0 && s.ahead[0].Number < number {
		s.ahead = s.ahead[1:]
	}
	if len(s.ahead) == 0 && !s.none {
		var err error
		if s.ahead, err = v.source.Tiles(ctx, level, number, readAhead); err != nil {
			return nil, err
		}
		s.none = level == 0 && number == 0 && len(s.ahead) == 0
	}
	if v.stored[0] != nil && v.stored[0].none {
		return nil, nil
	}
	if len(s.ahead) == 0 || s.ahead[0].Number != number {
		return nil, broken(number<<(tileHeight*(level+1)), 0, "un bloc d'empreintes manque, niveau %d numéro %d", level, number)
	}
	return &s.ahead[0], nil
}

// matchesStored compares a tile that was worked out with the stored one.
func (v *verification) matchesStored(ctx context.Context, tile Tile) error {
	stored, err := v.storedTile(ctx, tile.Level, tile.Number)
	if stored == nil || err != nil {
		return err
	}
	if !bytes.HasPrefix(stored.Hashes, tile.Hashes) {
		return broken(tile.Number<<(tileHeight*(tile.Level+1)), 0, "un bloc d'empreintes a été changé, niveau %d numéro %d", tile.Level, tile.Number)
	}
	return nil
}

func (v *verification) end(ctx context.Context) error {
	if v.tree.Size() != v.head.Size {
		return broken(v.tree.Size(), 0, "le journal finit là, et son point de contrôle a %d traces", v.head.Size)
	}
	for _, tile := range Edge(v.tree.Size()) {
		if err := v.matchesStored(ctx, Tile{Level: tile.L, Number: tile.N, Hashes: v.tree.edge[tile.L]}); err != nil {
			return err
		}
	}
	root, err := v.tree.Root()
	if err != nil {
		return err
	}
	if root != v.head.Root {
		return broken(-1, 0, "les traces ne sont pas celles pour lesquelles le point de contrôle a été signé")
	}
	if err := v.agrees(); err != nil {
		return err
	}
	if len(v.gaps) > 0 {
		return broken(-1, 0, "le journal dit qu'aucune trace n'a le numéro %d, et finit avant", v.gaps[0][0])
	}
	for entry, runs := range v.purged {
		if v.said[entry] != sha256.Sum256(runs) {
			return broken(-1, entry, "ce qui a été purgé n'est pas ce que dit la trace de la purge")
		}
	}
	v.report.Size, v.report.Root, v.report.At = v.head.Size, v.head.Root, v.head.At
	return nil
}
