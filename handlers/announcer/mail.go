package announcer

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"guichet/store"

	"github.com/wneessen/go-mail"
)

// MailOptions say by which server, and to whom, alerts are written.
type MailOptions struct {
	Host     string
	Port     int
	Implicit bool                   // TLS from the first byte; else STARTTLS, which the server must offer
	TLS      *tls.Config            // whom to believe; its name is Host
	User     string                 // empty: the server asks for none
	Password func() (string, error) // of User
	From     string
	To       []string
	Name     string // of the hospital
}

// Mail writes an e-mail for each alert: in French, then in English, without
// health data, names or ids of people. The receiver has it once the server has
// taken it.
type Mail struct{ o MailOptions }

// NewMail returns the channel of a mail server.
func NewMail(o MailOptions) *Mail { return &Mail{o} }

// Name implements [Channel].
func (*Mail) Name() string { return "mail" }

// Tell implements [Channel].
func (m *Mail) Tell(ctx context.Context, a store.Alert) error {
	message, err := m.message(a)
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	client, err := m.client(ctx)
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, message); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

// client is of one message, whose connection does not outlive ctx: the library
// allows each step its own time.
func (m *Mail) client(ctx context.Context) (*mail.Client, error) {
	secured := m.o.TLS.Clone()
	secured.ServerName = m.o.Host
	options := []mail.Option{mail.WithPort(m.o.Port), mail.WithTimeout(patience), mail.WithTLSConfig(secured), mail.WithTLSPolicy(mail.TLSMandatory),
		mail.WithDialContextFunc(func(_ context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			if m.o.Implicit {
				return tls.Client(conn, secured), nil
			}
			return conn, nil
		})}
	if m.o.Implicit {
		options = append(options, mail.WithSSL())
	}
	if m.o.User != "" {
		password, err := m.o.Password()
		if err != nil {
			return nil, err
		}
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername(m.o.User), mail.WithPassword(password))
	}
	return mail.NewClient(m.o.Host, options...)
}

func (m *Mail) message(a store.Alert) (*mail.Msg, error) {
	message := mail.NewMsg()
	if err := message.From(m.o.From); err != nil {
		return nil, err
	}
	if err := message.To(m.o.To...); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(m.o.From, "@")
	message.SetMessageIDWithValue(fmt.Sprintf("guichet-alert-%d.%d@%s", a.ID, a.At.UnixMicro(), domain)) // the same when it is told again
	message.SetDateWithValue(a.At)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.Subject(fmt.Sprintf("[Guichet] alerte / alert: %s (%d)", a.Kind, a.Entry))
	message.SetBodyString(mail.TypeTextPlain, m.text(a))
	return message, nil
}

// text is all that the message says.
func (m *Mail) text(a store.Alert) string {
	at := a.At.UTC().Format(time.RFC3339)
	return fmt.Sprintf(`Guichet, %[1]s

Une alerte demande votre attention.

  Genre : %[2]s
  Heure : %[3]s
  Entrée du journal des traces : %[4]d
  Que faire : %[5]s

L'entrée dit le reste, à qui a le droit de la lire.

--

An alert needs your attention.

  Kind: %[2]s
  Time: %[3]s
  Entry of the trace: %[4]d
  What to do: %[5]s

The entry says the rest, to who may read it.
`, m.o.Name, a.Kind, at, a.Entry, runbook(a))
}
