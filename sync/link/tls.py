"""The TLS contexts of the link: one trusted authority, host names checked, a client certificate.

No date is checked. A box without a battery may stand in 1970 or in fifty years, and must deliver
all the same: the hospital tells it the time over this very link. Who speaks is checked as ever, and
every frame is sealed to the hospital's key and signed, so a broker with an expired certificate can
read and forge nothing. What the date says of the certificate is told to people.
"""

from __future__ import annotations

import ssl

from sync.link.transport import CertificateSpan, Tls

NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL (x509_vfy.h), which the module `ssl` has no name for."""


class KeysUnreadable(Exception):
    """Our own key or certificate files are missing or broken; the text names the trouble."""


def client_context(tls: Tls) -> ssl.SSLContext:
    """Return the TLS settings of a client (TLS 1.2 or later); raises `KeysUnreadable`."""
    try:
        context = ssl.create_default_context(cafile=str(tls.ca))
        ignore_dates(context)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:  # ssl.SSLError is one, too
        raise KeysUnreadable(f"a key or certificate cannot be read: {error}") from error
    context.sslsocket_class = _TidySocket
    return context


def ignore_dates(context: ssl.SSLContext) -> None:
    """Let a context take certificates whatever the date is by this machine's clock."""
    context.verify_flags |= NO_CHECK_TIME


def span_of(sock: object) -> CertificateSpan | None:
    """Return the span of the certificate that the other end has shown, None without TLS."""
    shown = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    if not shown:
        return None
    first, last = str(shown["notBefore"]), str(shown["notAfter"])
    return CertificateSpan(ssl.cert_time_to_seconds(first), ssl.cert_time_to_seconds(last))


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails; the MQTT client would leave it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise
