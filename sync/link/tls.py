"""The TLS contexts of the link: one trusted authority, host names checked, a client certificate."""

from __future__ import annotations

import ssl

from sync.link.transport import Tls


class KeysUnreadable(Exception):
    """Our own key or certificate files are missing or broken; the text names the trouble."""


def client_context(tls: Tls) -> ssl.SSLContext:
    """Return the TLS settings of a client (TLS 1.2 or later); raises `KeysUnreadable`."""
    try:
        context = ssl.create_default_context(cafile=str(tls.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:  # ssl.SSLError is one, too
        raise KeysUnreadable(f"a key or certificate cannot be read: {error}") from error
    context.sslsocket_class = _TidySocket
    return context


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails; the MQTT client would leave it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise
