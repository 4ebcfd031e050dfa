// Package stamp asks a time stamp authority when something was there, and reads its
// answer (RFC 3161). It does no I/O.
//
// It trusts the authorities it is given and nobody else: a stamp holds where it is
// over exactly the bytes in hand, and signed by a certificate made for that alone
// which leads to one of them.
package stamp

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// The media types of a question and of an answer (RFC 3161, 3.4).
const (
	QuestionType = "application/timestamp-query"
	AnswerType   = "application/timestamp-reply"
)

// Question is what an authority is asked about a message.
type Question struct {
	DER     []byte
	message []byte
	nonce   *big.Int
}

// Ask makes a question: its nonce shows that the answer is to it and no other.
func Ask(message []byte) (*Question, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, fmt.Errorf("ask for a time stamp: %w", err)
	}
	der, err := timestamp.CreateRequest(bytes.NewReader(message), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce})
	if err != nil {
		return nil, fmt.Errorf("ask for a time stamp: %w", err)
	}
	return &Question{DER: der, message: message, nonce: nonce}, nil
}

// Check returns the time that an answer to the question says.
func (q *Question) Check(answer []byte, authorities *x509.CertPool) (time.Time, error) {
	read, at, err := check(answer, q.message, authorities)
	if err != nil {
		return time.Time{}, err
	}
	if read.Nonce == nil || read.Nonce.Cmp(q.nonce) != 0 {
		return time.Time{}, errors.New("check time stamp: it answers another question")
	}
	return at, nil
}

// Check returns when, to an authority, the message was there: answer is what it
// said then.
func Check(answer, message []byte, authorities *x509.CertPool) (time.Time, error) {
	_, at, err := check(answer, message, authorities)
	return at, err
}

func check(answer, message []byte, authorities *x509.CertPool) (*timestamp.Timestamp, time.Time, error) {
	if authorities == nil {
		return nil, time.Time{}, errors.New("check time stamp: nobody is trusted")
	}
	read, err := timestamp.ParseResponse(answer)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("check time stamp: %w", err)
	}
	want := sha256.Sum256(message)
	if read.HashAlgorithm != crypto.SHA256 || subtle.ConstantTimeCompare(read.HashedMessage, want[:]) != 1 {
		return nil, time.Time{}, errors.New("check time stamp: it is over something else")
	}
	if err := signed(read, authorities); err != nil {
		return nil, time.Time{}, fmt.Errorf("check time stamp: %w", err)
	}
	return read, read.Time.UTC(), nil
}

// signed wants one signature, by a certificate for time stamps and for nothing else
// (RFC 3161, 2.3), which held at that time and leads to one of the authorities.
func signed(read *timestamp.Timestamp, authorities *x509.CertPool) error {
	p7, err := pkcs7.Parse(read.RawToken)
	if err != nil {
		return err
	}
	signer := p7.GetOnlySigner()
	if signer == nil {
		return errors.New("not signed once, with the certificate beside it")
	}
	if !slices.Equal(signer.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}) || len(signer.UnknownExtKeyUsage) > 0 {
		return errors.New("its certificate is not one for time stamps alone")
	}
	others := x509.NewCertPool()
	for _, c := range p7.Certificates {
		others.AddCert(c)
	}
	return p7.VerifyWithOpts(x509.VerifyOptions{Roots: authorities, Intermediates: others, CurrentTime: read.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
}
