"""Only names of ours and addresses in digits are answered: a page elsewhere cannot borrow them."""

from __future__ import annotations

import socket

import pytest
from web_sites import Site

from web.hosts import is_own, own_names

OWN = ("localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "192.168.1.20", "[::1]:80")
FOREIGN = ("evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example")
ODD = (
    "",
    ":",
    "[",
    "[]",
    "[::g]",
    "256.1.1.1.",
    "localhost@evil.example",
    "xn--n3h.at",
    "\x00",
)


@pytest.mark.parametrize("host", OWN)
def test_our_own_names_and_any_address_are_answered(site: Site, host: str) -> None:
    answer = site.client.get("/sign-in", headers={"Host": host})
    assert answer.status_code == 200
    assert is_own(host, own_names())


@pytest.mark.parametrize("host", FOREIGN)
def test_no_page_is_given_to_a_foreign_name(site: Site, host: str) -> None:
    for path in ("/sign-in", site.staff_page, site.live, "/web/htmx.min.js", "/no-such-page"):
        answer = site.client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert len(answer.data) < 500


@pytest.mark.parametrize("host", [*FOREIGN, *ODD])
def test_what_is_no_name_of_ours_is_foreign(host: str) -> None:
    assert not is_own(host, own_names())


def test_the_machines_name_and_given_names_are_ours() -> None:
    names = own_names("Hospital.Example")
    for host in (socket.gethostname(), "hospital.example", "HOSPITAL.example:443"):
        assert is_own(host, names)
    assert not is_own("example", names)
