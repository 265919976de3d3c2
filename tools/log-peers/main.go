// Verifies a log of ours with Go's own code for transparency logs (golang.org/x/mod/sumdb), which knows nothing of us.
// Usage: main FOLDER; prints a line a case and fails if a verdict is not the expected one.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const leafBytes = 42

type testCase struct {
	Name   string   `json:"name"`
	IsTrue bool     `json:"is_true"`
	Vkey   string   `json:"vkey"`
	Leaf   string   `json:"leaf"`
	Proof  string   `json:"proof"`
	Old    string   `json:"old"`
	New    string   `json:"new"`
	Steps  []string `json:"steps"`
}

// open checks a checkpoint's signature and reads size and root (C2SP tlog-checkpoint).
func open(text, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return tree, errors.New("too few lines")
	}
	if lines[0] != verifier.Name() {
		return tree, errors.New("another log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return tree, errors.New("size")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, errors.New("root")
	}
	tree.N = size
	copy(tree.Hash[:], root)
	return tree, nil
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, line := range lines {
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return nil, errors.New("hash")
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		out = append(out, hash)
	}
	return out, nil
}

// included checks a C2SP tlog-proof.
func included(c testCase) error {
	head, checkpoint, found := strings.Cut(c.Proof, "\n\n")
	if !found {
		return errors.New("no checkpoint")
	}
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("heading")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return errors.New("index")
	}
	digits := strings.TrimPrefix(lines[0], "index ")
	index, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || index < 0 || strconv.FormatInt(index, 10) != digits {
		return errors.New("index")
	}
	path, err := hashes(lines[1:])
	if err != nil {
		return err
	}
	tree, err := open(checkpoint, c.Vkey)
	if err != nil {
		return err
	}
	leaf, err := base64.StdEncoding.DecodeString(c.Leaf)
	if err != nil || len(leaf) != leafBytes || index >= tree.N {
		return errors.New("leaf or index")
	}
	return tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

func consistent(c testCase) error {
	before, err := open(c.Old, c.Vkey)
	if err != nil {
		return err
	}
	after, err := open(c.New, c.Vkey)
	if err != nil {
		return err
	}
	steps, err := hashes(c.Steps)
	if err != nil {
		return err
	}
	if before.N == after.N {
		if before.Hash != after.Hash || len(steps) != 0 {
			return errors.New("two trees of one size")
		}
		return nil
	}
	if before.N > after.N {
		return errors.New("the log went back")
	}
	return tlog.CheckTree(steps, after.N, after.Hash, before.N, before.Hash)
}

// sameView holds the two statements about the log together: a proof's checkpoint and the new one are of one tree.
func sameView(c testCase) error {
	_, checkpoint, _ := strings.Cut(c.Proof, "\n\n")
	proved, err := open(checkpoint, c.Vkey)
	if err != nil {
		return err
	}
	shown, err := open(c.New, c.Vkey)
	if err != nil {
		return err
	}
	if proved != shown {
		return errors.New("proof and checkpoint are of different trees")
	}
	return nil
}

func check(c testCase) error {
	for _, part := range []func(testCase) error{included, consistent, sameView} {
		if err := part(c); err != nil {
			return err
		}
	}
	return nil
}

// tile reads a tile by its C2SP path, which has no height in it.
func tile(folder string, t tlog.Tile) ([]byte, error) {
	path := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
	return os.ReadFile(filepath.Join(folder, path))
}

type tiles struct{ folder string }

func (tiles) Height() int                            { return 8 }
func (tiles) SaveTiles([]tlog.Tile, [][]byte)        {}
func (t tiles) ReadTiles(asked []tlog.Tile) (out [][]byte, err error) {
	for _, one := range asked {
		data, err := tile(t.folder, one)
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

// whole hashes every leaf and compares root and every entry's hash in the tiles.
func whole(folder string) error {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			panic(err)
		}
		return data
	}
	leaves := read("leaves")
	tree, err := open(string(read("checkpoint")), string(read("vkey")))
	if err != nil {
		return err
	}
	if int64(len(leaves)) != tree.N*leafBytes {
		return errors.New("another number of leaves")
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, index := range indexes {
			out = append(out, stored[index])
		}
		return out, nil
	})
	fromTiles := tlog.TileHashReader(tree, tiles{folder})
	for n := int64(0); n < tree.N; n++ {
		leaf := leaves[n*leafBytes : (n+1)*leafBytes]
		more, err := tlog.StoredHashes(n, leaf, reader)
		if err != nil {
			return err
		}
		stored = append(stored, more...)
		if n%1009 == 0 {
			found, err := fromTiles.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
			if err != nil {
				return err
			}
			if found[0] != tlog.RecordHash(leaf) {
				return fmt.Errorf("entry %d is not in the tiles", n)
			}
		}
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the leaves do not give the root")
	}
	return nil
}

func main() {
	folder := os.Args[1]
	if err := whole(folder); err != nil {
		fmt.Println("the whole log:", err)
		os.Exit(1)
	}
	file, err := os.Open(filepath.Join(folder, "cases"))
	if err != nil {
		panic(err)
	}
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	accepted, refused, wrong := 0, 0, 0
	for scanner.Scan() {
		var c testCase
		if err := json.Unmarshal(scanner.Bytes(), &c); err != nil {
			panic(err)
		}
		err := check(c)
		if err == nil {
			accepted++
		} else {
			refused++
		}
		if (err == nil) != c.IsTrue {
			wrong++
			fmt.Printf("WRONG: %s: %v\n", c.Name, err)
		}
	}
	fmt.Printf("Go: the whole log verifies; %d true cases accepted, %d changed ones refused, %d wrong\n", accepted, refused, wrong)
	if wrong > 0 || refused < 50 || accepted < 9 {
		os.Exit(1)
	}
}
