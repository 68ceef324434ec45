"""The kiosk and the desk in turn: what both promise is tested at both."""

from __future__ import annotations

from pathlib import Path

import pytest
import web_sites
from web_sites import Site

BUILD = {"kiosk": web_sites.kiosk, "desk": web_sites.desk}


@pytest.fixture(scope="module", params=BUILD)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Each application, with somebody signed in and a page that fails."""
    return BUILD[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(params=BUILD)
def new_site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """The same for a test that ends the session."""
    return BUILD[request.param](tmp_path)
